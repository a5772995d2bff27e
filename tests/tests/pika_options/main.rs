//! What each option of `[oslo_messaging_pika]` does, as RabbitMQ sees it.
//!
//! Those of connecting are shown with the rest of connecting, in `pika_connect`.

mod bodies;
mod connections;
mod exchanges;
mod notification_retries;
mod persistence;
mod pools;
mod prefetch;
mod queues;
mod request_retries;
mod stand;
mod wire;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::Arguments;

use busway_driver_pika as _;
use stand::Shared;

fn main() -> ExitCode {
    let shared = Arc::new(Shared::default());
    let rooms = [
        bodies::trials,
        connections::trials,
        exchanges::trials,
        notification_retries::trials,
        persistence::trials,
        pools::trials,
        prefetch::trials,
        queues::trials,
        request_retries::trials,
    ];
    let trials = rooms.iter().flat_map(|trials| trials(&shared)).collect();
    // The trials hold it: the broker ends with the last of them.
    drop(shared);
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

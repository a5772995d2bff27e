//! How the pika driver connects to RabbitMQ: TLS, the options of a connection, and what goes
//! wrong there.

mod bad_peers;
mod negotiated;
mod peer;
mod refused;
mod stand;
mod timing;
mod tls;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::Arguments;

use busway_driver_pika as _;
use stand::Stand;

fn main() -> ExitCode {
    let stand = Arc::new(Stand::default());
    let rooms =
        [tls::trials, negotiated::trials, timing::trials, refused::trials, bad_peers::trials];
    let trials = rooms.iter().flat_map(|trials| trials(&stand)).collect();
    // The trials hold it: the brokers end with the last of them.
    drop(stand);
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

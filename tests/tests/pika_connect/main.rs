//! How the pika driver connects to RabbitMQ: TLS, the options of a connection, and what goes
//! wrong there.

mod stand;
mod tls;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::Arguments;

use busway_driver_pika as _;
use stand::Stand;

fn main() -> ExitCode {
    let stand = Arc::new(Stand::default());
    let trials = tls::trials(&stand);
    // The trials hold it: the brokers end with the last of them.
    drop(stand);
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

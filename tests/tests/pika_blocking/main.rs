//! The blocking client of RabbitMQ: every method, and what goes wrong.

mod consuming;
mod declaring;
mod misuse;
mod publishing;
mod settling;
mod stand;
mod trouble;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::Arguments;
use stand::Stand;

fn main() -> ExitCode {
    let stand = Arc::new(Stand::default());
    let rooms = [
        declaring::trials,
        publishing::trials,
        consuming::trials,
        settling::trials,
        trouble::trials,
        misuse::trials,
    ];
    let trials = rooms.iter().flat_map(|trials| trials(&stand)).collect();
    // The trials hold it: the broker ends with the last of them.
    drop(stand);
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

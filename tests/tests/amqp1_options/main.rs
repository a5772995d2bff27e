//! What each option of `[oslo_messaging_amqp]` does, as a peer hears it.
//!
//! Those of connecting are shown with the rest of connecting, in `amqp1_connect`.

mod addresses;
mod credit;
mod links;
mod reconnects;
mod replies;
mod settled;
mod stand;
mod timeouts;
mod values;

use std::process::ExitCode;

use libtest_mimic::Arguments;

use busway_driver_amqp1 as _;

fn main() -> ExitCode {
    let rooms = [
        addresses::trials,
        credit::trials,
        links::trials,
        reconnects::trials,
        replies::trials,
        settled::trials,
        timeouts::trials,
        values::trials,
    ];
    let trials = rooms.iter().flat_map(|trials| trials()).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

//! What the AMQP 1.0 driver does about peers that do odd things, and about those that its client
//! library makes of ordinary ones.

mod attaches;
mod bodies;
mod drains;
mod ids;
mod losses;
mod sizes;
mod stand;
mod stops;
mod unbounded;
mod windows;

use std::process::ExitCode;

use libtest_mimic::Arguments;

use busway_driver_amqp1 as _;

fn main() -> ExitCode {
    let rooms = [
        attaches::trials,
        bodies::trials,
        drains::trials,
        ids::trials,
        losses::trials,
        sizes::trials,
        stops::trials,
        unbounded::trials,
        windows::trials,
    ];
    let trials = rooms.iter().flat_map(|trials| trials()).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

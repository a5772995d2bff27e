//! What the AMQP 1.0 driver keeps of its promises while its peer is severed, stalled and killed.

mod chaos;
mod failover;
mod load;
mod stand;
mod thousand;
mod usage;

use std::process::ExitCode;

use libtest_mimic::Arguments;

use busway_driver_amqp1 as _;
use stand::trial;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // What is left behind is counted over the whole process.
    arguments.test_threads = Some(1);
    let trials = vec![
        trial("calls_go_on_by_whichever_host_is_there", failover::whoever_is_there),
        trial("opening_names_the_host_that_is_not_there", failover::nobody_is_there),
        trial("nothing_stored_is_lost_and_nothing_runs_twice", thousand::severed),
        trial("a_peer_that_dies_again_and_again_leaves_nothing_behind", thousand::killed),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

//! What the pika driver keeps of its promises while brokers die, stop and run short.

mod alarms;
mod cut;
mod failover;
mod loss;
mod reconnects;
mod stand;

use std::process::ExitCode;

use libtest_mimic::Arguments;

use busway_driver_pika as _;
use stand::{alone, by_itself, run, trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each has brokers of its own to kill, and waits for them most of the time; more of them at a
    // time would be too much for two cores.
    arguments.test_threads.get_or_insert(3);
    // The long ones first.
    let trials = vec![
        by_itself("memory_stays_flat_over_a_thousand_reconnects", reconnects::memory_stays_flat),
        alone("nothing_stored_is_lost_and_nothing_runs_twice", loss::ten_kills),
        trial("any_node_of_three_may_be_killed", || run(failover::any_node_is_killed())),
        trial("any_node_of_three_may_fall_silent", || run(failover::a_node_falls_silent())),
        alone("what_an_alarm_held_up_is_not_sent_later", alarms::what_is_given_up_is_not_sent),
        alone("an_alarm_stops_no_consumer", alarms::consumers_go_on),
        alone("a_start_that_is_cut_leaves_no_consumer", cut::no_consumer_stays),
        alone("hosts_are_tried_in_turn_and_rest", reconnects::hosts_in_turn),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

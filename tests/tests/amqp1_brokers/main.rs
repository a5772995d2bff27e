//! The two brokers of AMQP 1.0 that the tests run on do the same, each with a client that it has
//! nothing in common with: the desk broker is on the engine of our clients, and the other is on
//! that of Apache Qpid Proton.

mod bus;
mod by_proton;
mod peer;
mod statements;

use std::process::ExitCode;
use std::time::Duration;

use busway_testkit::brokers::Proton;
use busway_tests::peers::Environment;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Builder;

use bus::Kind;

/// Longer than anything here may take on a machine that has much else to do.
const HANG: Duration = Duration::from_mins(1);

fn run<F: Future<Output = ()>>(kind: Kind, test: fn(Kind) -> F) -> Result<Completion, Failed> {
    // The desk broker's foreign client needs Python as well.
    if let Some(reason) = Proton::missing().or_else(|| Environment::AMQP1.missing()) {
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            return Err(format!("missing: {reason}").into());
        }
        return Ok(Completion::ignored_with(format!("missing: {reason}")));
    }
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let limited = async { tokio::time::timeout(HANG, test(kind)).await };
    runtime.block_on(limited).map_err(|_| "it hangs")?;
    Ok(Completion::Completed)
}

fn main() -> ExitCode {
    macro_rules! trials {
        ($($room:ident::$test:ident),* $(,)?) => {
            [Kind::Desk, Kind::Proton].into_iter().flat_map(|kind| [$({
                let name = format!("{kind}::{}", stringify!($test));
                Trial::ignorable_test(name, move || run(kind, $room::$test))
            }),*]).collect()
        };
    }
    let trials = trials![
        by_proton::a_client_of_protons_is_served,
        statements::each_message_of_a_queue_goes_to_one_consumer_in_turns,
        statements::a_topic_gives_each_subscription_a_copy,
        statements::a_reply_reaches_the_node_that_the_broker_named,
        statements::messages_of_the_anonymous_terminus_go_where_they_say,
        statements::a_node_that_the_broker_named_goes_with_its_link,
        statements::a_released_message_comes_again_as_it_was,
        statements::a_failed_delivery_counts,
        statements::a_message_that_is_undeliverable_here_goes_to_another,
        statements::a_rejected_message_is_gone,
        statements::what_a_lost_consumer_had_comes_again_in_its_order,
        statements::what_has_expired_is_not_delivered,
        statements::the_time_that_is_left_shrinks,
        statements::a_sender_has_credit_only_while_there_is_room,
        statements::a_large_message_passes,
        statements::a_user_comes_in_by_its_password_and_nobody_else,
        statements::peers_are_told_the_product,
        statements::messages_stay_until_somebody_comes,
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

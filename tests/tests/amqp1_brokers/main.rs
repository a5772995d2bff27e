//! The two brokers of AMQP 1.0 that the tests run on do the same, each with a client that it has
//! nothing in common with: the desk broker is on the engine of our clients, and the other is on
//! that of Apache Qpid Proton.

mod bus;
mod by_proton;
mod peer;
mod statements;
mod told;

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
        ($kinds:expr; $($room:ident::$test:ident),* $(,)?) => {
            $kinds.into_iter().flat_map(|kind| [$({
                let name = format!("{kind}::{}", stringify!($test));
                Trial::ignorable_test(name, move || run(kind, $room::$test))
            }),*])
        };
    }
    let of_both = trials![
        [Kind::Desk, Kind::Proton];
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
        told::no_credit_is_given_while_it_is_withheld,
        told::what_is_held_is_counted_by_virtual_host,
    ];
    let of_proton = trials![
        [Kind::Proton];
        told::a_message_comes_to_what_the_broker_was_told,
        told::a_link_is_refused_while_the_broker_was_told_so,
        told::the_queues_of_a_virtual_host_can_be_narrow,
        told::a_paused_broker_answers_when_it_is_resumed,
    ];
    libtest_mimic::run(&Arguments::from_args(), of_both.chain(of_proton).collect()).exit_code()
}

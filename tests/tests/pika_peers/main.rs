//! Busway and oslo.messaging's own pika driver on one RabbitMQ, talking to each other.

mod from_python;
mod notifications;
mod to_python;

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use busway_testkit::brokers::RabbitMq;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Builder;

use busway_driver_pika as _;
use busway_tests::peers::{Environment, Stage, together};

/// Longer than anything here may take on a machine that has much else to do.
const HANG: Duration = Duration::from_mins(2);

/// For a machine that has much else to do.
const PATIENCE: &str = "socket_timeout=5&tcp_user_timeout=5&heartbeat_interval=30";

/// The broker of all trials; each has a virtual host of its own.
type Shared = Arc<OnceLock<Result<RabbitMq, String>>>;

fn run<F: Future<Output = ()>>(
    shared: &Shared,
    test: fn(Stage) -> F,
) -> Result<Completion, Failed> {
    if let Some(reason) = RabbitMq::missing() {
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            return Err(format!("missing: {reason}").into());
        }
        return Ok(Completion::ignored_with(format!("missing: {reason}")));
    }
    // Python 3.7 is so old that it may be missing under CI, too.
    if let Some(reason) = Environment::PIKA.missing() {
        return Ok(Completion::ignored_with(format!("missing: {reason}")));
    }
    let broker = shared.get_or_init(|| RabbitMq::start().map_err(|error| error.to_string()));
    let broker = broker.as_ref().map_err(Clone::clone)?;
    let (address, vhost) = (broker.address(), broker.add_vhost()?);
    let url = format!("pika://guest:guest@{address}/{vhost}?{PATIENCE}");
    let stage = Stage::at(url, Environment::PIKA);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let limited = async { tokio::time::timeout(HANG, test(stage)).await };
    runtime.block_on(limited).map_err(|_| "it hangs")?;
    Ok(Completion::Completed)
}

fn main() -> ExitCode {
    let shared = Shared::default();
    macro_rules! trials {
        ($($room:ident::$test:ident),* $(,)?) => {
            vec![$({
                let shared = shared.clone();
                let name = concat!(stringify!($room), "::", stringify!($test));
                Trial::ignorable_test(name, move || run(&shared, $room::$test))
            }),*]
        };
    }
    let trials = trials![
        to_python::a_call_is_answered,
        to_python::a_call_is_answered_in_msgpack,
        to_python::many_calls_at_once_get_their_own_answers,
        to_python::a_named_exchange_is_the_same_to_both,
        to_python::values_come_back_as_they_went,
        to_python::values_that_json_lacks_come_as_text,
        to_python::values_that_json_lacks_are_refused_in_msgpack,
        to_python::a_failure_has_class_module_message_and_traceback,
        to_python::what_the_server_does_not_have_is_named,
        to_python::casts_and_fan_outs_arrive,
        to_python::a_call_times_out_and_its_late_reply_harms_nobody,
        to_python::a_call_to_nobody_fails_at_once,
        from_python::a_call_is_answered,
        from_python::a_call_is_answered_in_msgpack,
        from_python::many_calls_at_once_get_their_own_answers,
        from_python::a_named_exchange_is_the_same_to_both,
        from_python::values_come_back_as_they_went,
        from_python::values_that_json_lacks_come_as_text,
        from_python::values_that_json_lacks_are_refused_in_msgpack,
        from_python::a_failure_is_raised,
        from_python::what_the_server_does_not_have_is_named,
        from_python::casts_and_fan_outs_arrive,
        from_python::a_call_times_out_and_its_late_reply_harms_nobody,
        from_python::a_call_to_nobody_fails_at_once,
        together::servers_of_a_topic_take_turns,
        together::a_fan_out_reaches_each_server,
        notifications::python_hears_every_priority,
        notifications::busway_hears_every_priority,
        notifications::messagingv2_is_heard_by_both,
        notifications::what_python_puts_back_comes_again,
        notifications::what_busway_puts_back_comes_again,
        notifications::a_pool_shares_what_all_others_hear,
        notifications::python_hears_what_was_stored_before_it_came,
        notifications::busway_hears_what_was_stored_before_it_came,
    ];
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    // The broker ends before the program does.
    drop(shared);
    conclusion.exit_code()
}

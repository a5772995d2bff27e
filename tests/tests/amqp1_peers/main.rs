//! Busway and oslo.messaging's own driver for AMQP 1.0 on one broker, talking to each other. The
//! broker is on Qpid Proton's engine, as oslo.messaging's driver is.

mod from_python;
mod notifications;
mod routable;
mod scram;
mod to_python;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use busway_testkit::brokers::Proton;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Builder;

use busway_driver_amqp1 as _;
use busway_tests::peers::{Environment, Stage, together};

/// Longer than anything here may take on a machine that has much else to do.
const HANG: Duration = Duration::from_mins(2);
/// How many run at a time: mostly they wait for programs in Python to begin.
const AT_A_TIME: usize = 4;
/// What is gone is back soon here.
const HASTE: &str = "link_retry_delay=1";

/// The broker of all trials; each has a virtual host of its own.
type Shared = Arc<OnceLock<Result<Proton, String>>>;

fn run<F: Future<Output = ()>>(
    shared: &Shared,
    test: fn(Stage) -> F,
) -> Result<Completion, Failed> {
    static NEXT: AtomicU64 = AtomicU64::new(0);

    if let Some(reason) = Proton::missing().or_else(|| Environment::AMQP1.missing()) {
        return without(&reason);
    }
    let broker = shared.get_or_init(|| Proton::start().map_err(|error| error.to_string()));
    let broker = broker.as_ref().map_err(Clone::clone)?;
    let (address, space) = (broker.address(), NEXT.fetch_add(1, Ordering::Relaxed));
    let stage = Stage::at(format!("amqp://{address}/ns-{space}?{HASTE}"), Environment::AMQP1);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let limited = async { tokio::time::timeout(HANG, test(stage)).await };
    runtime.block_on(limited).map_err(|_| "it hangs")?;
    Ok(Completion::Completed)
}

/// What comes of a trial for which something is missing.
fn without(reason: &str) -> Result<Completion, Failed> {
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        return Err(format!("missing: {reason}").into());
    }
    Ok(Completion::ignored_with(format!("missing: {reason}")))
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
    let mut trials = trials![
        to_python::a_call_is_answered,
        to_python::many_calls_at_once_get_their_own_answers,
        to_python::a_named_exchange_is_the_same_to_both,
        to_python::values_come_back_as_they_went,
        to_python::values_that_json_lacks_come_as_text,
        to_python::a_failure_has_class_module_message_and_traceback,
        to_python::what_the_server_does_not_have_is_named,
        to_python::casts_and_fan_outs_arrive,
        to_python::a_call_times_out_and_its_late_reply_harms_nobody,
        to_python::a_monitored_call_lasts_as_long_as_its_handler_runs,
        to_python::a_call_that_nobody_keeps_alive_ends,
        from_python::a_call_is_answered,
        from_python::many_calls_at_once_get_their_own_answers,
        from_python::a_named_exchange_is_the_same_to_both,
        from_python::values_come_back_as_they_went,
        from_python::values_that_json_lacks_come_as_text,
        from_python::a_failure_is_raised,
        from_python::what_the_server_does_not_have_is_named,
        from_python::casts_and_fan_outs_arrive,
        from_python::a_call_times_out_and_its_late_reply_harms_nobody,
        from_python::a_monitored_call_lasts_as_long_as_its_handler_runs,
        together::servers_of_a_topic_take_turns,
        together::a_fan_out_reaches_each_server,
        notifications::python_hears_every_priority,
        notifications::busway_hears_every_priority,
        notifications::python_hears_messagingv2,
        notifications::busway_hears_messagingv2,
        notifications::what_python_puts_back_comes_again,
        notifications::what_busway_puts_back_comes_again,
        notifications::python_hears_what_was_stored_before_it_came,
        notifications::busway_hears_what_was_stored_before_it_came,
        routable::both_find_each_other,
    ];
    trials.extend(scram::trials());
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_A_TIME);
    let conclusion = libtest_mimic::run(&arguments, trials);
    // The broker ends before the program does.
    drop(shared);
    conclusion.exit_code()
}

//! What the pika driver promises beyond the suite: that no return is told to another sender, and
//! that nothing that comes by the wire stops a server.

mod bad_input;
mod returns;

use std::process::ExitCode;
use std::time::Duration;

use busway_core::{Config, Transport};
use busway_testkit::brokers::RabbitMq;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Builder;

use busway_driver_pika as _;

/// Longer than anything here may take on a machine that has much else to do.
const HANG: Duration = Duration::from_mins(2);

/// A transport on a broker's virtual host, with patience for a machine that has much else to do.
async fn open(broker: &RabbitMq, vhost: &str) -> Transport {
    let address = broker.address();
    let patience = "socket_timeout=5&tcp_user_timeout=5&heartbeat_interval=30";
    let url = format!("pika://guest:guest@{address}/{vhost}?{patience}");
    Transport::builder().config(Config::new()).open(&url).await.expect("a transport")
}

fn trial<F: Future<Output = ()> + 'static>(name: &str, test: fn(RabbitMq) -> F) -> Trial {
    Trial::ignorable_test(name, move || run(test))
}

fn run<F: Future<Output = ()>>(test: fn(RabbitMq) -> F) -> Result<Completion, Failed> {
    if let Some(reason) = RabbitMq::missing() {
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            return Err(format!("missing: {reason}").into());
        }
        return Ok(Completion::ignored_with(format!("missing: {reason}")));
    }
    let broker = RabbitMq::start()?;
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let limited = async { tokio::time::timeout(HANG, test(broker)).await };
    runtime.block_on(limited).map_err(|_| "it hangs")?;
    Ok(Completion::Completed)
}

fn main() -> ExitCode {
    let trials = vec![
        trial("each_of_many_senders_is_told_of_its_own_return", returns::each_is_told_its_own),
        trial("a_server_goes_on_whatever_comes", bad_input::a_server_goes_on),
        trial("a_client_goes_on_whatever_replies_come", bad_input::a_client_goes_on),
        trial("a_listener_goes_on_whatever_comes", bad_input::a_listener_goes_on),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

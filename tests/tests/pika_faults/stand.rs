//! What the tests share: how they are run, and how they reach a broker.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use busway_core::Transport;
use busway_testkit::brokers::RabbitMq;
use libtest_mimic::{Completion, Failed, Trial};
use parking_lot::RwLock;
use tokio::runtime::Builder;

/// Longer than a test may take on a machine that has much else to do.
const HANG: Duration = Duration::from_mins(5);
/// Heartbeats each two seconds: a peer that is silent for twice as long is gone.
const PATIENCE: &str = "socket_timeout=5&login_timeout=10&tcp_user_timeout=5&heartbeat_interval=2";

/// Held for writing by whoever measures the process: nothing else runs meanwhile.
static PROCESS: RwLock<()> = RwLock::new(());

/// A test with a broker of its own that has the process to itself, too.
pub(crate) fn by_itself<F>(name: &str, test: fn(Arc<RabbitMq>) -> F) -> Trial
where
    F: Future<Output = ()> + 'static,
{
    where_rabbitmq_is(name, move || {
        let _process = PROCESS.write();
        run(test(Arc::new(RabbitMq::start()?)))
    })
}

/// A test with a broker of its own, where RabbitMQ is installed.
pub(crate) fn alone<F>(name: &str, test: fn(Arc<RabbitMq>) -> F) -> Trial
where
    F: Future<Output = ()> + 'static,
{
    trial(name, move || {
        let broker = Arc::new(RabbitMq::start()?);
        run(test(broker))
    })
}

/// A test that is run where RabbitMQ is installed.
pub(crate) fn trial(
    name: &str,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    where_rabbitmq_is(name, move || {
        let _process = PROCESS.read();
        test()
    })
}

fn where_rabbitmq_is(
    name: &str,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || {
        if let Some(reason) = RabbitMq::missing() {
            if std::env::var("CI").is_ok_and(|ci| ci == "true") {
                return Err(format!("missing: {reason}").into());
            }
            return Ok(Completion::ignored_with(format!("missing: {reason}")));
        }
        test().map(|()| Completion::Completed)
    })
}

/// Runs a test to its end, on a runtime of its own.
pub(crate) fn run(test: impl Future<Output = ()>) -> Result<(), Failed> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = runtime.block_on(async { tokio::time::timeout(HANG, test).await });
    ended.map_err(|_| "it hangs".into())
}

/// A transport to a virtual host on one of these addresses, with more options.
pub(crate) async fn open(addresses: &[SocketAddr], vhost: &str, options: &str) -> Transport {
    let hosts: Vec<_> = addresses.iter().map(|it| format!("guest:guest@{it}")).collect();
    let url = format!("pika://{}/{vhost}?{PATIENCE}{options}", hosts.join(","));
    Transport::open(&url).await.expect("a transport")
}

/// Does something to brokers, which blocks.
pub(crate) async fn blocking<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(run).await.expect("what blocks ends")
}

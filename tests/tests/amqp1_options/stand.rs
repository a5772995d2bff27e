//! What the tests share: how they are run, transports, those who send and those who listen.

use std::net::SocketAddr;
use std::time::Duration;

use busway_core::notify::Priority;
use busway_core::rpc::RpcClient;
use busway_core::{
    Handled, NotificationListener, Notifier, Result, Target, Transport, endpoint_fn,
};
use busway_testkit::stage::{Gate, soon, until};
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Builder;
use tokio::time::Instant;

/// Longer than anything here may take on a machine that has much else to do.
const HANG: Duration = Duration::from_mins(2);

pub(crate) fn trial<F>(name: &str, test: fn() -> F) -> Trial
where
    F: Future<Output = ()> + 'static,
{
    Trial::test(name, move || -> Result<(), Failed> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let ended = runtime.block_on(async { tokio::time::timeout(HANG, test()).await });
        ended.map_err(|_| "it hangs".into())
    })
}

/// A transport with these options.
pub(crate) async fn open(address: SocketAddr, options: &str) -> Transport {
    let url = format!("amqp://{address}/v?{options}");
    soon(Transport::open(&url)).await.expect("a transport")
}

/// A client of the topic `topic`.
pub(crate) fn client(transport: &Transport) -> RpcClient {
    RpcClient::new(transport, Target::new("topic"))
}

/// A notifier to the topic `log`.
pub(crate) fn notifier(transport: &Transport) -> Notifier {
    let notifier = Notifier::builder(transport).publisher_id("test").topics(["log"]);
    notifier.build().expect("a notifier")
}

/// A listener to the topic `log` whose endpoint waits at the gate.
pub(crate) async fn listening(transport: &Transport, gate: &Gate) -> NotificationListener {
    let gate = gate.clone();
    let endpoint = endpoint_fn(Priority::Info, move |_| {
        let gate = gate.clone();
        async move {
            gate.pass().await;
            Ok(Handled::Done)
        }
    });
    let listener = NotificationListener::builder(transport).topic("log").endpoint(endpoint);
    let listener = listener.concurrency(8);
    soon(listener.start()).await.expect("a listener")
}

/// Waits for something to be there.
pub(crate) async fn found<T>(look: impl Fn() -> Option<T>) -> T {
    let there = async || Ok::<_, ()>(look().is_some());
    soon(until(there)).await.expect("looked at");
    look().expect("it was there")
}

/// What comes of something, and how long it took.
pub(crate) async fn timed<T>(what: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let done = soon(what).await;
    (done, start.elapsed())
}

/// Asserts that something took so long, and not as long as with the default, of half a minute.
pub(crate) fn assert_took(took: Duration, at_least: Duration) {
    assert!(took >= at_least && took < Duration::from_secs(20), "{took:?}, not {at_least:?}");
}

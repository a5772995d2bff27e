//! What the tests share: those who send and those who listen.

use std::time::Duration;

use busway_core::notify::Priority;
use busway_core::rpc::RpcClient;
use busway_core::{Handled, NotificationListener, Notifier, Target, Transport, endpoint_fn};
use busway_testkit::stage::{Gate, soon};
use tokio::time::Instant;

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

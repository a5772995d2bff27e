//! What is counted of calls, casts, notifications and what servers make of them.

use std::collections::HashMap;
use std::time::Duration;

use busway::driver::{EventStream, Retry, TransportEvent};
use busway::fake::Bus;
use busway::{Failure, Notifier, RpcClient, RpcServer, Target, Transport, endpoint};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tokio_stream::StreamExt;

struct Greeter;

#[endpoint]
impl Greeter {
    async fn hello(&self) -> &'static str {
        "hello"
    }

    async fn refuse(&self) -> Result<(), Failure> {
        Err(Failure::new("Refused", "greeter", "no"))
    }

    async fn never(&self) {
        std::future::pending::<()>().await;
    }
}

/// What was counted since the last look: each metric with its labels, and its value; of a
/// histogram, how many values.
fn counted(snapshotter: &Snapshotter) -> HashMap<String, f64> {
    let snapshot = snapshotter.snapshot().into_vec();
    let values = snapshot.into_iter().map(|(key, _, _, value)| {
        let (_, key) = key.into_parts();
        let mut labels: Vec<_> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        labels.sort();
        let value = match value {
            DebugValue::Counter(count) => f64::from(u32::try_from(count).expect("a few")),
            DebugValue::Gauge(value) => value.into_inner(),
            DebugValue::Histogram(values) => {
                assert!(values.iter().all(|seconds| (0.0..60.0).contains(&seconds.into_inner())));
                f64::from(u32::try_from(values.len()).expect("a few"))
            }
        };
        (format!("{} {}", key.name(), labels.join(" ")), value)
    });
    values.collect()
}

async fn reconnected(events: &mut EventStream) {
    while !matches!(events.next().await, Some(TransportEvent::Connected { .. })) {}
}

/// One test: a process has one recorder.
#[tokio::test(start_paused = true)]
async fn what_happens_is_counted_by_driver_operation_and_kind() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().expect("no other recorder");
    let transport = Transport::open("fake://counted/").await.expect("a bus");
    let target = Target::new("greetings");
    let server = RpcServer::builder(&transport, target.clone().with_server("s"));
    let server = server.endpoint(Greeter).start().await.expect("a server");
    let client = RpcClient::new(&transport, target.clone());

    client.call::<_, String>("hello", ()).await.expect("a greeting");
    client.call::<_, ()>("refuse", ()).await.expect_err("a failure");
    let short = client.prepare().timeout(Duration::from_secs(1));
    short.call::<_, ()>("never", ()).await.expect_err("no reply");
    tokio::select! {
        biased;
        _ = client.call::<_, ()>("never", ()) => unreachable!("it never answers"),
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
    }
    let nobody = client.prepare().topic("nobody").retry(Retry::NEVER);
    nobody.cast("hello", ()).await.expect_err("undeliverable");
    let notifier = Notifier::builder(&transport).publisher_id("p").topics(["t"]);
    let notifier = notifier.build().expect("a notifier");
    notifier.info("event", ()).await.expect("stored");
    let mut events = transport.events();
    Bus::named("counted").faults().disconnect_for(Duration::from_secs(1));
    reconnected(&mut events).await;

    let seen = counted(&snapshotter);
    let value = |name: &str| seen.get(name).copied();
    for (name, expected) in [
        ("busway.started operation=call system=fake", 4.0),
        ("busway.succeeded operation=call system=fake", 1.0),
        ("busway.failed kind=remote operation=call system=fake", 1.0),
        ("busway.failed kind=timeout operation=call system=fake", 1.0),
        ("busway.failed kind=cancelled operation=call system=fake", 1.0),
        ("busway.in_flight operation=call system=fake", 0.0),
        ("busway.duration operation=call system=fake", 4.0),
        ("busway.failed kind=undeliverable operation=cast system=fake", 1.0),
        ("busway.succeeded operation=notify system=fake", 1.0),
        ("busway.started operation=process system=fake", 4.0),
        ("busway.succeeded operation=process system=fake", 1.0),
        ("busway.failed kind=Refused operation=process system=fake", 1.0),
        ("busway.in_flight operation=process system=fake", 2.0),
        ("busway.reconnects ", 1.0),
    ] {
        assert_eq!(value(name), Some(expected), "{name} in {seen:#?}");
    }
    server.stop_within(Duration::ZERO).await.expect_err("two never end");
    let seen = counted(&snapshotter);
    let cut_off = seen.get("busway.failed kind=cancelled operation=process system=fake");
    assert_eq!(cut_off, Some(&2.0), "{seen:#?}");
}

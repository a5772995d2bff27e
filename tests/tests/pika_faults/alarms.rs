//! A broker that is short of memory or disk: senders wait, consumers go on.

use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::TransportEvent;
use busway_core::notify::Priority;
use busway_core::rpc::RpcClient;
use busway_core::{Error, ErrorKind, Handled, NotificationListener, Notifier, Target, endpoint_fn};
use busway_testkit::brokers::{Alarm, RabbitMq};
use busway_testkit::stage::{Gate, Journal, PATIENCE, Service, serve, soon, until};
use futures_util::StreamExt;
use serde_json::json;

use crate::stand::open;

/// How long who sends in vain waits.
const SHORT: Duration = Duration::from_millis(300);
/// How many notifications wait to be handled when the alarm comes.
const WAITING: usize = 20;

pub(crate) async fn what_is_given_up_is_not_sent(broker: Arc<RabbitMq>) {
    for alarm in Alarm::ALL {
        let vhost = broker.add_vhost().expect("a virtual host");
        let addresses = [broker.address()];
        let (serving, sending) =
            (open(&addresses, &vhost, "").await, open(&addresses, &vhost, "").await);
        let journal = Journal::<u64>::new();
        let server = serve(&serving, "topic", "server", Service::new().noting(&journal)).await;
        let _server = server.expect("a server");
        let client = RpcClient::builder(&sending, Target::new("topic")).timeout(PATIENCE).build();
        let notifier = Notifier::builder(&sending).publisher_id("test").topics(["topic"]);
        let notifier = notifier.timeout(PATIENCE).build().expect("a notifier");
        client.call::<_, ()>("note", json!({ "it": 0 })).await.expect("served");
        notifier.info("event", json!({})).await.expect("stored");

        broker.set_alarm(alarm).expect("an alarm");
        let mut events = sending.events();
        // The broker says that it takes nothing to who tries, and keeps that one for later: one
        // for each of the two connections.
        let unheard = client.prepare().timeout(SHORT).cast("note", json!({ "it": 1 })).await;
        waited_in_vain(&unheard.expect_err("taken"));
        let unheard = notifier.prepare().timeout(SHORT).info("event", json!({})).await;
        waited_in_vain(&unheard.expect_err("stored"));
        for _ in 0..2 {
            let blocked = |event: &TransportEvent| matches!(event, TransportEvent::Blocked { .. });
            let told = soon(events.next()).await.expect("an event");
            assert!(blocked(&told), "{told:?}");
        }
        let held = broker.held(&vhost).expect("counted");
        let brief = client.prepare().timeout(SHORT);
        for it in 2..6 {
            let cast = brief.cast("note", json!({ "it": it })).await;
            waited_in_vain(&cast.expect_err("taken"));
            let called = brief.call::<_, ()>("note", json!({ "it": it })).await;
            waited_in_vain(&called.expect_err("answered"));
            let told = notifier.prepare().timeout(SHORT).info("event", json!({})).await;
            waited_in_vain(&told.expect_err("stored"));
        }

        // One that still waits is taken when the alarm is over.
        let waiting = client.call::<_, ()>("note", json!({ "it": 99 }));
        let (answer, ()) = tokio::join!(waiting, async {
            broker.clear_alarm(alarm).expect("no alarm");
        });
        answer.expect("served");
        for _ in 0..2 {
            let told = soon(events.next()).await.expect("an event");
            assert_eq!(told, TransportEvent::Unblocked);
        }
        notifier.info("event", json!({})).await.expect("stored");
        // What had been under way when the broker fell silent may have come, nothing else.
        let mut ran = journal.rest().await;
        ran.retain(|it| *it != 1);
        assert_eq!(ran, [0, 99], "{alarm}");
        let more = broker.held(&vhost).expect("counted") - held;
        assert!((1..=2).contains(&more), "{more} were stored");
    }
}

fn waited_in_vain(error: &Error) {
    assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::InDoubt), "{error:?}");
}

pub(crate) async fn consumers_go_on(broker: Arc<RabbitMq>) {
    let vhost = broker.add_vhost().expect("a virtual host");
    let transport = open(&[broker.address()], &vhost, "&connection_factory=read_write").await;
    let gate = Gate::shut();
    let held = gate.clone();
    let endpoint = endpoint_fn(Priority::Info, move |_| {
        let gate = held.clone();
        async move {
            gate.pass().await;
            Ok(Handled::Done)
        }
    });
    let listener = NotificationListener::builder(&transport).topic("topic").endpoint(endpoint);
    let listener = listener.concurrency(WAITING).start().await.expect("a listener");
    let notifier = Notifier::builder(&transport).publisher_id("test").topics(["topic"]);
    let notifier = notifier.build().expect("a notifier");
    for _ in 0..WAITING {
        notifier.info("event", json!({})).await.expect("stored");
    }
    broker.block().expect("an alarm");
    let mut events = transport.events();
    let unheard = notifier.prepare().timeout(SHORT).info("event", json!({})).await;
    let unheard = unheard.expect_err("stored");
    waited_in_vain(&unheard);
    assert!(unheard.message().contains("it blocks the connection"), "{unheard}");
    let told = soon(events.next()).await;
    assert!(matches!(told, Some(TransportEvent::Blocked { .. })), "{told:?}");

    gate.open();
    // Acknowledged, all of them, while the broker takes no message.
    soon(until(async || broker.held(&vhost).map(|held| held == 0))).await.expect("counted");
    broker.unblock().expect("no alarm");
    assert_eq!(soon(events.next()).await, Some(TransportEvent::Unblocked));
    listener.stop().await.expect("stopped");
}

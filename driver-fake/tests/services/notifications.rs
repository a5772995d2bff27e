//! From a notifier to the endpoints of a listener.

use std::collections::BTreeSet;
use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::notify::{
    Handled, IncomingNotification, NotificationEndpoint, NotificationListener, Notifier, Priority,
    endpoint_fn,
};
use busway_core::{Context, ErrorKind};
use busway_driver_fake::Bus;
use serde_json::json;
use tokio::sync::mpsc;

use crate::open;

/// An endpoint that passes on what it gets, and comes to what the test wants.
fn passing_on(
    handled: impl Fn(&IncomingNotification) -> Handled + Send + Sync + 'static,
) -> (impl NotificationEndpoint, mpsc::UnboundedReceiver<IncomingNotification>) {
    let (pass, passed) = mpsc::unbounded_channel();
    let endpoint = endpoint_fn(Priority::ALL, move |notification| {
        let handled = handled(&notification);
        // A test that has seen enough reads no more.
        let _ = pass.send(notification);
        async move { Ok(handled) }
    });
    (endpoint, passed)
}

#[tokio::test]
async fn what_was_told_before_anybody_listened_arrives_with_all_its_fields() {
    let transport = open("told_before").await;
    let notifier = Notifier::new(&transport, "shop.host-1").expect("a notifier");
    let context = Context::new().with("user", "u1").with_traceparent("00-1-2-01");
    let payload = json!({ "id": 7 });
    notifier.prepare().context(context.clone()).error("order.lost", payload).await.expect("told");

    let (endpoint, mut passed) = passing_on(|_| Handled::Done);
    let listener = NotificationListener::builder(&transport).endpoint(endpoint).start().await;
    let notification = passed.recv().await.expect("a notification");
    assert_eq!(notification.publisher_id, "shop.host-1");
    assert_eq!(notification.event_type, "order.lost");
    assert_eq!(notification.priority, Priority::Error);
    assert_eq!(notification.payload.as_json(), r#"{"id":7}"#);
    assert_eq!(notification.context.values(), context.values());
    assert_eq!(notification.context.traceparent(), Some("00-1-2-01"));
    assert!(!notification.redelivered());
    listener.expect("a listener").stop().await.expect("stopped");
    let bus = Bus::named("told_before");
    assert!(bus.queues().iter().all(|queue| (queue.ready, queue.unacknowledged) == (0, 0)));
}

#[tokio::test]
async fn what_is_requeued_comes_again_marked() {
    let transport = open("requeued").await;
    let (endpoint, mut passed) =
        passing_on(
            |notification| {
                if notification.redelivered() { Handled::Done } else { Handled::Requeue }
            },
        );
    let builder = NotificationListener::builder(&transport).endpoint(endpoint);
    let _listener = builder.allow_requeue(true).start().await.expect("a listener");
    let notifier = Notifier::new(&transport, "p").expect("a notifier");
    notifier.info("e", ()).await.expect("told");
    let first = passed.recv().await.expect("a notification");
    let second = passed.recv().await.expect("the same");
    assert_eq!(first.message_id, second.message_id);
    assert_eq!((first.redelivered(), second.redelivered()), (false, true));
}

#[tokio::test]
async fn each_pool_gets_a_copy() {
    let transport = open("each_pool").await;
    let mut listeners = Vec::new();
    for pool in ["a", "b"] {
        let (endpoint, passed) = passing_on(|_| Handled::Done);
        let builder = NotificationListener::builder(&transport).endpoint(endpoint).pool(pool);
        listeners.push((builder.start().await.expect("a listener"), passed));
    }
    let notifier = Notifier::new(&transport, "p").expect("a notifier");
    notifier.info("e", ()).await.expect("told");
    for (_, passed) in &mut listeners {
        assert_eq!(passed.recv().await.expect("a copy").event_type, "e");
    }
}

#[tokio::test]
async fn a_listener_that_stops_loses_nothing_for_the_next() {
    const COUNT: usize = 200;
    let transport = open("stops_and_goes").await;
    let notifier = Notifier::new(&transport, "p").expect("a notifier");
    for number in 0..COUNT {
        notifier.info(&number.to_string(), ()).await.expect("told");
    }
    let mut seen = BTreeSet::new();
    while seen.len() < COUNT {
        let (endpoint, mut passed) = passing_on(|_| Handled::Done);
        let builder = NotificationListener::builder(&transport).endpoint(endpoint).concurrency(7);
        let listener = builder.start().await.expect("a listener");
        passed.recv().await.map(|first| seen.insert(first.event_type.clone()));
        listener.stop().await.expect("stopped");
        while let Ok(next) = passed.try_recv() {
            assert!(seen.insert(next.event_type.clone()), "{} came twice", next.event_type);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_bus_says_reaches_the_caller() {
    let transport = open("what_the_bus_says").await;
    let faults = Bus::named("what_the_bus_says").faults();
    let notifier = Notifier::new(&transport, "p").expect("a notifier");
    faults.fail_next(1, ErrorKind::Connection);
    let error = notifier.prepare().retry(Retry::NEVER).info("e", ()).await.expect_err("failed");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Connection, Some("notify")));
    faults.delay(Duration::from_mins(1)..=Duration::from_mins(1));
    let error = notifier.info("e", ()).await.expect_err("late");
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

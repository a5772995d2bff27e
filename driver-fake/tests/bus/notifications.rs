//! Notifications: stored, shared, copied for pools.

use std::time::Duration;

use crate::support::*;
use busway_core::driver::NotificationSubscription;
use busway_core::notify::Priority;

async fn events(listener: &mut Notifications) -> Vec<String> {
    let mut events = Vec::new();
    let wait = Duration::from_millis(20);
    while let Ok(batch) = tokio::time::timeout(wait, listener.next(100, Duration::ZERO)).await {
        for mut incoming in batch.expect("a subscription") {
            incoming.delivery.acknowledge().await.expect("an acknowledgement");
            events.push(incoming.body.event_type);
        }
    }
    events
}

#[tokio::test]
async fn a_notification_is_stored_for_a_listener_that_comes_later() {
    let (driver, bus) = bus("a_notification_is_stored").await;
    notify(&driver, "a").await;
    notify(&driver, "b").await;
    assert_eq!(stats(&bus, "openstack/topic.info").expect("a queue").ready, 2);
    let mut listener = listen_to(&driver, None).await;
    assert_eq!(events(&mut listener).await, ["a", "b"]);
    let queue = stats(&bus, "openstack/topic.info").expect("the queue stays");
    assert_eq!((queue.ready, queue.unacknowledged, queue.listeners), (0, 0, 1));
}

#[tokio::test]
async fn what_is_given_back_returns_to_its_place_marked() {
    let (driver, bus) = bus("what_is_given_back_returns").await;
    for event in ["a", "b", "c"] {
        notify(&driver, event).await;
    }
    let mut listener = listen_to(&driver, None).await;
    let mut batch = listener.next(2, Duration::ZERO).await.expect("two");
    assert!(!batch[0].redelivered && batch[0].delivery.needs_acknowledgement());
    let (second, first) = (batch.pop().expect("b"), batch.pop().expect("a"));
    first.delivery.requeue().await.expect("a requeue");
    drop(second);
    let batch = listener.next(3, Duration::ZERO).await.expect("three");
    let seen: Vec<_> =
        batch.iter().map(|it| (it.body.event_type.as_str(), it.redelivered)).collect();
    assert_eq!(seen, [("a", true), ("b", true), ("c", false)]);
    assert_eq!(bus.counters().redelivered, 2);
}

#[tokio::test]
async fn listeners_share_and_pools_get_copies() {
    let (driver, _) = bus("listeners_share_and_pools_get_copies").await;
    notify(&driver, "before").await;
    let (mut one, mut two) = (listen_to(&driver, None).await, listen_to(&driver, None).await);
    let mut pool = listen_to(&driver, Some("p")).await;
    let mut member = listen_to(&driver, Some("p")).await;
    for number in 1..4 {
        notify(&driver, &number.to_string()).await;
    }
    let mut shared = vec![];
    for listener in [&mut one, &mut two] {
        for incoming in listener.next(2, Duration::ZERO).await.expect("two") {
            shared.push(incoming.body.event_type.clone());
        }
    }
    shared.sort();
    assert!(shared.len() > 1, "{shared:?}");
    let mut pooled = events(&mut pool).await;
    pooled.extend(events(&mut member).await);
    pooled.sort();
    assert_eq!(pooled, ["1", "2", "3"]);
}

#[tokio::test]
async fn a_pool_keeps_its_messages_while_nobody_of_it_listens() {
    let (driver, _) = bus("a_pool_keeps_its_messages").await;
    drop(listen_to(&driver, Some("p")).await);
    notify(&driver, "a").await;
    assert_eq!(events(&mut listen_to(&driver, Some("p")).await).await, ["a"]);
    assert_eq!(events(&mut listen_to(&driver, None).await).await, ["a"]);
}

#[tokio::test]
async fn a_listener_hears_its_priorities_only() {
    let (driver, _) = bus("a_listener_hears_its_priorities_only").await;
    let sources =
        vec![(target(), Priority::Error), (target(), Priority::Warn), (target(), Priority::Warn)];
    let subscription = NotificationSubscription { sources, pool: None };
    let mut listener = driver.listen_notifications(subscription).await.expect("a subscription");
    notify(&driver, "info").await;
    for (event, priority) in [("warn", Priority::Warn), ("error", Priority::Error)] {
        let mut notification = notification(event);
        notification.priority = priority;
        driver.notify(&target(), &notification, notify_options()).await.expect("stored");
    }
    let mut heard = events(&mut listener).await;
    heard.sort();
    assert_eq!(heard, ["error", "warn"]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_for_more_but_not_for_ever() {
    let (driver, _) = bus("a_batch_waits_for_more").await;
    let mut listener = listen_to(&driver, None).await;
    let sender = async {
        for event in ["a", "b", "c", "d"] {
            notify(&driver, event).await;
            tokio::time::sleep(seconds(1)).await;
        }
    };
    let receiver = async {
        let batch = listener.next(10, Duration::from_millis(1500)).await.expect("a batch");
        assert_eq!(batch.len(), 2);
        let batch = listener.next(2, seconds(60)).await.expect("a full batch");
        assert_eq!(batch.len(), 2);
    };
    let before = tokio::time::Instant::now();
    tokio::join!(sender, receiver);
    assert_eq!(before.elapsed(), seconds(4));
}

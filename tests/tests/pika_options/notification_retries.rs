//! `default_notification_retry_attempts` and `notification_retry_delay`.

use std::sync::Arc;
use std::time::Duration;

use busway_core::ErrorKind;
use busway_core::driver::Retry;
use busway_testkit::stage::{Journal, soon, until};
use busway_tests::Tap;
use libtest_mimic::Trial;
use serde_json::json;

use crate::stand::{Place, Shared, listening, notifier, trial};
use crate::wire::{assert_apart, published_to};

pub(crate) fn trials(shared: &Arc<Shared>) -> Vec<Trial> {
    vec![
        trial("a_refused_notification_is_sent_again_so_often", shared, so_often),
        trial("a_refused_notification_is_sent_again_until_it_is_stored", shared, until_stored),
    ]
}

const EXCHANGE: &str = "openstack_notification";

async fn so_often(place: Place) {
    let tap = Tap::start(place.broker.address()).await.expect("a tap");
    place.refuse("[.]info$");
    let hearing = place.open(&[]).await;
    let journal = Journal::new();
    for (retries, attempts) in [("0", 1), ("1", 2), ("3", 4)] {
        let topic = format!("topic-{retries}");
        let _listener = listening(&hearing, &topic, &journal).await;
        let options = [
            ("default_notification_retry_attempts", retries),
            ("notification_retry_delay", "0.15"),
        ];
        let transport = place.open_at(tap.address(), &options).await;
        let notifier = notifier(&transport, &topic);
        let error = soon(notifier.info("event", json!(1))).await.expect_err("it is refused");
        assert_eq!(error.kind(), ErrorKind::Full, "{error:?}");
        let queue = format!("{topic}.info");
        let sent = published_to(&tap, EXCHANGE, &queue);
        assert_eq!(sent.len(), attempts, "{retries} retries");
        assert_apart(&sent, Duration::from_millis(150));
        // What the caller says goes before.
        let never = notifier.prepare().retry(Retry::NEVER);
        soon(never.info("event", json!(1))).await.expect_err("it is refused");
        assert_eq!(published_to(&tap, EXCHANGE, &queue).len(), attempts + 1);
    }
    assert!(journal.rest().await.is_empty());
}

async fn until_stored(place: Place) {
    let tap = Tap::start(place.broker.address()).await.expect("a tap");
    place.refuse("[.]info$");
    let hearing = place.open(&[]).await;
    let journal = Journal::new();
    let _listener = listening(&hearing, "topic", &journal).await;
    let options =
        [("default_notification_retry_attempts", "-1"), ("notification_retry_delay", "0.1")];
    let transport = place.open_at(tap.address(), &options).await;
    let notifier = notifier(&transport, "topic");
    let telling = tokio::spawn(async move { notifier.info("event", json!(1)).await });
    let sent = async || Ok::<_, ()>(published_to(&tap, EXCHANGE, "topic.info").len() >= 4);
    soon(until(sent)).await.expect("counted");
    assert!(journal.rest().await.is_empty());
    place.take_again();
    soon(telling).await.expect("it ends").expect("stored");
    assert_eq!(journal.next().await, 1);
}

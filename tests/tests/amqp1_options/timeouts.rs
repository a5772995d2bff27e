//! How long sends take at most when the caller does not say.

use std::time::Duration;

use busway_core::{Error, ErrorKind};
use busway_tests::amqp1_wire::{Manners, Stranger, open, trial};
use libtest_mimic::Trial;
use serde_json::json;

use crate::stand::{assert_took, client, notifier, timed};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_cast_has_its_default_time_unless_the_caller_says", casts),
        trial("a_notification_has_its_default_time_unless_the_caller_says", notifications),
    ]
}

const DEFAULT: Duration = Duration::from_millis(300);
const SAID: Duration = Duration::from_millis(600);

/// A peer that gives no credit.
async fn stingy() -> Stranger {
    let manners = |_| -> Manners {
        Box::new(|_, mouth| {
            mouth.give(0);
            false
        })
    };
    Stranger::start(manners).await.expect("a peer")
}

fn assert_late((error, took): (Error, Duration), at_least: Duration) {
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert_took(took, at_least);
}

async fn casts() {
    let peer = stingy().await;
    let transport = open(peer.address(), "default_send_timeout=0.3").await;
    let client = client(&transport);
    let casting = async { client.cast("echo", json!({})).await.expect_err("not taken") };
    assert_late(timed(casting).await, DEFAULT);
    let patient = client.prepare().timeout(SAID);
    let casting = async { patient.cast("echo", json!({})).await.expect_err("not taken") };
    assert_late(timed(casting).await, SAID);
}

async fn notifications() {
    let peer = stingy().await;
    let transport = open(peer.address(), "default_notify_timeout=0.3").await;
    let notifier = notifier(&transport);
    let telling = async { notifier.info("event", json!({})).await.expect_err("not taken") };
    assert_late(timed(telling).await, DEFAULT);
    let patient = notifier.prepare().timeout(SAID);
    let telling = async { patient.info("event", json!({})).await.expect_err("not taken") };
    assert_late(timed(telling).await, SAID);
}

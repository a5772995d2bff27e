//! Peers that would have us work or wait without end.

use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::{ErrorKind, Notifier};
use busway_testkit::stage::soon;
use busway_tests::amqp1_wire::{Manners, Stranger, accepted, by_the_book, open, settled, trial};
use fe2o3_amqp::types::performatives::{Disposition, Performative};
use libtest_mimic::Trial;
use serde_json::json;

use crate::stand::{HASTE, client, connections};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_peer_that_never_gives_credit_costs_no_more_than_the_deadline", no_credit),
        trial("an_outcome_of_all_deliveries_there_can_be_is_not_gone_through", all_at_once),
    ]
}

async fn no_credit() {
    let manners = |_| -> Manners {
        Box::new(|_, mouth| {
            mouth.give(0);
            false
        })
    };
    let peer = Stranger::start(manners).await.expect("a peer");
    let transport = open(peer.address(), HASTE).await;
    let brief = Duration::from_millis(300);
    let client = client(&transport).prepare().timeout(brief);
    let called = soon(client.call::<_, ()>("echo", json!({}))).await.expect_err("not taken");
    let cast = soon(client.cast("echo", json!({}))).await.expect_err("not taken");
    let notifier = Notifier::builder(&transport).publisher_id("test").topics(["log"]);
    let notifier = notifier.timeout(brief).build().expect("a notifier");
    let told = soon(notifier.info("event", json!({}))).await.expect_err("not taken");
    for error in [called, cast, told] {
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    }
    let sent =
        |it: &busway_tests::amqp1_wire::Heard| matches!(it.frame.said, Performative::Transfer(_));
    assert!(!peer.heard().iter().any(sent), "sent without credit");
    assert_eq!(connections(&peer), 1);
}

/// The engine looks for each of them.
async fn all_at_once() {
    let manners = |number| -> Manners {
        if number > 0 {
            return by_the_book();
        }
        Box::new(|frame, mouth| {
            if !matches!(frame.said, Performative::Transfer(_)) {
                return false;
            }
            let all = Disposition { last: Some(u32::MAX), ..settled(0, accepted()) };
            mouth.say(frame.channel, all, &[]);
            true
        })
    };
    let peer = Stranger::start(manners).await.expect("a peer");
    let transport = open(peer.address(), HASTE).await;
    let client = client(&transport).prepare().retry(Retry::NEVER);
    // It is not believed, and the peer is left.
    let cast = soon(client.cast("echo", json!({}))).await.expect_err("in doubt");
    assert_eq!(cast.kind(), ErrorKind::InDoubt, "{cast:?}");
    soon(client.cast("echo", json!({}))).await.expect("taken");
    assert_eq!(connections(&peer), 2);
}

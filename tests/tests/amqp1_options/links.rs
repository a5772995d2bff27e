//! When links are detached, and when they and their messages come again.

use std::time::Duration;

use busway_testkit::stage::{Service, serve, soon};
use busway_tests::amqp1_wire::{
    Manners, Stranger, by_the_book, closed, found, open, receivers, senders, trial,
};
use fe2o3_amqp::types::messaging::{DeliveryState, Released};
use fe2o3_amqp::types::performatives::Performative;
use libtest_mimic::Trial;
use serde_json::json;
use tokio::time::Instant;

use crate::stand::{client, notifier};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_link_that_lies_idle_is_detached_and_attached_again", idle),
        trial("a_subscription_that_the_peer_ends_is_attached_again_after_a_while", ended),
        trial("a_destination_that_the_peer_closes_is_attached_again_after_a_while", shut),
        trial("a_message_that_comes_back_is_sent_again_after_a_while", returned),
    ]
}

const DELAY: Duration = Duration::from_millis(300);
const ADDRESS: &str = "unicast.v.openstack.topic";

/// Asserts that it took as long as it is to, and not the ten seconds of the default.
#[track_caller]
fn assert_took(time: Duration) {
    assert!(time >= DELAY && time < DELAY + Duration::from_secs(8), "after {time:?}");
}

async fn idle() {
    let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
    let transport = open(peer.address(), "default_sender_link_timeout=0.3").await;
    for time in 1..=2 {
        let start = Instant::now();
        soon(client(&transport).cast("echo", json!({}))).await.expect("taken");
        let detached = found(|| {
            let heard = peer.heard();
            let links = senders(&heard, ADDRESS);
            assert!(links.len() <= time, "a link for each message");
            links.get(time - 1).and_then(|link| link.detached(&heard))
        });
        let detached = detached.await;
        assert_took(detached - start);
    }
}

async fn ended() {
    let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
    let transport = open(peer.address(), "link_retry_delay=0.3").await;
    let _server = serve(&transport, "topic", "server", Service::echo()).await.expect("a server");
    let link = receivers(&peer.heard(), ADDRESS).pop().expect("a link");
    let start = Instant::now();
    peer.say(link.channel, closed(link.handle(), None), &[]);
    let again = found(|| receivers(&peer.heard(), ADDRESS).into_iter().nth(1)).await;
    assert_took(again.at - start);
}

async fn shut() {
    let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
    let transport = open(peer.address(), "link_retry_delay=0.3").await;
    let client = client(&transport);
    soon(client.cast("echo", json!({}))).await.expect("taken");
    let link = senders(&peer.heard(), ADDRESS).pop().expect("a link");
    let start = Instant::now();
    peer.say(link.channel, closed(link.handle(), None), &[]);
    found(|| link.detached(&peer.heard())).await;
    soon(client.cast("echo", json!({}))).await.expect("taken");
    let again = senders(&peer.heard(), ADDRESS).pop().expect("a link");
    assert_took(again.at - start);
}

async fn returned() {
    let manners = |_| -> Manners {
        let mut left = 2;
        Box::new(move |frame, mouth| {
            let Performative::Transfer(transfer) = &frame.said else { return false };
            if left == 0 {
                return false;
            }
            left -= 1;
            mouth.transfer(frame.channel, transfer, &DeliveryState::Released(Released {}));
            true
        })
    };
    let peer = Stranger::start(manners).await.expect("a peer");
    let transport = open(peer.address(), "link_retry_delay=0.3").await;
    soon(notifier(&transport).info("event", json!({}))).await.expect("taken");
    let heard = peer.heard();
    let sent = senders(&heard, "unicast.v.openstack.log.info")[0].transfers(&heard);
    assert_eq!(sent.len(), 3);
    for pair in sent.windows(2) {
        assert_took(pair[1].0 - pair[0].0);
    }
}

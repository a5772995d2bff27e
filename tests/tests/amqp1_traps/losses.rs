//! Peers that are gone while something is under way.

use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::{ErrorKind, Notifier};
use busway_testkit::stage::{Service, serve, soon};
use busway_tests::amqp1_wire::{
    Manners, Stranger, by_the_book, closed, found, open, senders, transfer, trial,
};
use fe2o3_amqp::types::definitions::AmqpError;
use fe2o3_amqp::types::performatives::{Performative, Transfer};
use libtest_mimic::Trial;
use serde_json::json;
use tokio::time::Instant;

use crate::stand::{HASTE, address, ask, client, error, request, served};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("what_is_under_way_ends_with_its_connection", connection),
        trial("what_is_under_way_ends_with_its_link", link),
        trial("half_a_request_is_none", half),
    ]
}

/// The least of the deadlines.
const DEADLINE: Duration = Duration::from_secs(30);

/// The engine's sends wait for ever when the connection is gone.
async fn connection() {
    let manners = |number| -> Manners {
        if number > 0 {
            return by_the_book();
        }
        // What becomes of messages is never told.
        Box::new(|frame, _| matches!(frame.said, Performative::Transfer(_)))
    };
    let peer = Stranger::start(manners).await.expect("a peer");
    let transport = open(peer.address(), HASTE).await;
    let client = client(&transport).prepare().retry(Retry::NEVER);
    let notifier = Notifier::builder(&transport).publisher_id("test").topics(["log"]);
    let notifier = notifier.timeout(DEADLINE).build().expect("a notifier");
    let start = Instant::now();
    let hang_up = async {
        found(|| {
            let heard = peer.heard();
            let sent = |topic: &str| {
                senders(&heard, &address(topic)).pop().map_or(0, |it| it.transfers(&heard).len())
            };
            (sent("topic") == 2 && sent("log.info") == 1).then_some(())
        })
        .await;
        peer.hang_up();
    };
    let (called, cast, told, ()) = soon(async {
        tokio::join!(
            client.call::<_, ()>("echo", json!({})),
            client.cast("echo", json!({})),
            notifier.info("event", json!({})),
            hang_up
        )
    })
    .await;
    assert_eq!(called.expect_err("lost").kind(), ErrorKind::InDoubt);
    assert_eq!(cast.expect_err("lost").kind(), ErrorKind::InDoubt);
    // It may come twice, but not never.
    told.expect("stored by the next connection");
    assert!(start.elapsed() < DEADLINE, "they waited for their deadlines");
    let heard = peer.heard();
    let links = senders(&heard, &address("log.info"));
    assert_eq!(links.iter().map(|it| it.transfers(&heard).len()).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(senders(&heard, &address("topic")).len(), 1, "sent once more");
}

async fn link() {
    let manners = |_| -> Manners {
        let mut left = 2;
        Box::new(move |frame, mouth| {
            let Performative::Transfer(transfer) = &frame.said else { return false };
            if left == 0 {
                return false;
            }
            left -= 1;
            let why = error(AmqpError::InternalError);
            mouth.say(frame.channel, closed(transfer.handle.0, Some(why)), &[]);
            true
        })
    };
    let peer = Stranger::start(manners).await.expect("a peer");
    let transport = open(peer.address(), HASTE).await;
    let client = client(&transport).prepare().retry(Retry::NEVER);
    let start = Instant::now();
    let called = soon(client.call::<_, ()>("echo", json!({}))).await.expect_err("lost");
    assert_eq!(called.kind(), ErrorKind::InDoubt, "{called:?}");
    let cast = soon(client.cast("echo", json!({}))).await.expect_err("lost");
    assert_eq!(cast.kind(), ErrorKind::InDoubt, "{cast:?}");
    assert!(cast.to_string().contains("as the test has it"), "{cast}");
    soon(client.cast("echo", json!({}))).await.expect("taken");
    assert!(start.elapsed() < DEADLINE, "they waited for their deadlines");
    assert_eq!(crate::stand::connections(&peer), 1);
}

/// A peer that ends a link in the middle of a message.
async fn half() {
    let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
    let transport = open(peer.address(), HASTE).await;
    let _server = serve(&transport, "topic", "server", Service::echo()).await.expect("a server");
    let link = served(&peer, "topic").pop().expect("a link");
    let whole = request(1);
    let begun = Transfer { more: true, ..transfer(link.handle(), 0, false) };
    peer.say(link.channel, begun, &whole[..whole.len() / 2]);
    peer.say(link.channel, closed(link.handle(), Some(error(AmqpError::InternalError))), &[]);
    let again = found(|| served(&peer, "topic").into_iter().nth(1)).await;
    ask(&peer, &again, 1).await;
    let heard = peer.heard();
    let replies: usize =
        senders(&heard, "caller").iter().map(|link| link.transfers(&heard).len()).sum();
    assert_eq!(replies, 1);
    assert_eq!(crate::stand::connections(&peer), 1);
}

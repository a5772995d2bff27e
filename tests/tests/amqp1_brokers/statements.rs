//! What either broker does.

use std::time::Duration;

use busway_testkit::stage::soon;
use fe2o3_amqp::connection::OpenError;
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::types::messaging::Modified;
use futures_util::FutureExt;

use crate::bus::{Kind, Options};
use crate::peer::{Peer, history, message, next, send, take, text, try_send};

const QUEUE: &str = "unicast.vh.openstack.topic";
const TOPIC: &str = "broadcast.vh.openstack.topic.all";

pub(crate) async fn each_message_of_a_queue_goes_to_one_consumer_in_turns(kind: Kind) {
    let bus = kind.start().await;
    let mut peer = Peer::of(&bus).await;
    let mut receivers = [peer.receiver(QUEUE, 10).await, peer.receiver(QUEUE, 10).await];
    let mut sender = peer.sender(QUEUE).await;
    for text in ["1", "2", "3", "4", "5", "6"] {
        send(&mut sender, text).await;
    }
    let mut got = [Vec::new(), Vec::new()];
    for _ in 0..3 {
        for (receiver, got) in receivers.iter_mut().zip(&mut got) {
            got.push(take(receiver).await);
        }
    }
    got.sort();
    assert_eq!(got, [["1", "3", "5"], ["2", "4", "6"]]);
}

pub(crate) async fn a_topic_gives_each_subscription_a_copy(kind: Kind) {
    let bus = kind.start().await;
    for topic in [TOPIC, "openstack.org/om/rpc/multicast/vh/openstack/topic"] {
        let mut peer = Peer::of(&bus).await;
        let mut sender = peer.sender(topic).await;
        // Nobody is there yet.
        send(&mut sender, "early").await;
        let mut receivers = [peer.receiver(topic, 10).await, peer.receiver(topic, 10).await];
        send(&mut sender, "it").await;
        for receiver in &mut receivers {
            assert_eq!(take(receiver).await, "it");
        }
    }
}

pub(crate) async fn a_reply_reaches_the_node_that_the_broker_named(kind: Kind) {
    let bus = kind.start().await;
    let (mut caller, mut server) = (Peer::of(&bus).await, Peer::of(&bus).await);
    let (mut replies, address) = caller.dynamic(10).await;
    let mut to_caller = server.sender(&address).await;
    send(&mut to_caller, "the reply").await;
    assert_eq!(take(&mut replies).await, "the reply");
    let (_others, another) = caller.dynamic(10).await;
    assert_ne!(address, another);
}

pub(crate) async fn messages_of_the_anonymous_terminus_go_where_they_say(kind: Kind) {
    let bus = kind.start().await;
    let mut peer = Peer::of(&bus).await;
    let (mut replies, address) = peer.dynamic(10).await;
    let mut queue = peer.receiver(QUEUE, 10).await;
    let mut relay = peer.anonymous().await;
    for to in [&address, QUEUE] {
        let sent = try_send(&mut relay, message(Some(to), None, to)).await.expect("an outcome");
        assert!(sent.is_accepted(), "{sent:?}");
    }
    assert_eq!(take(&mut replies).await, address);
    assert_eq!(take(&mut queue).await, QUEUE);
    let nowhere = try_send(&mut relay, message(None, None, "it")).await.expect("an outcome");
    assert!(nowhere.is_rejected(), "{nowhere:?}");
}

pub(crate) async fn a_node_that_the_broker_named_goes_with_its_link(kind: Kind) {
    let bus = kind.start().await;
    let mut peer = Peer::of(&bus).await;
    let (replies, address) = peer.dynamic(10).await;
    let mut sender = peer.sender(&address).await;
    let mut relay = peer.anonymous().await;
    soon(replies.close()).await.expect("closed");
    soon(sender.on_detach()).await;
    let late = message(Some(&address), None, "late");
    let outcome = try_send(&mut relay, late).await.expect("an outcome");
    assert!(outcome.is_rejected(), "{outcome:?}");
}

pub(crate) async fn a_released_message_comes_again_as_it_was(kind: Kind) {
    let bus = kind.start().await;
    let mut peer = Peer::of(&bus).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "it").await;
    let got = next(&mut receiver).await;
    assert_eq!(history(&got).0, 0);
    soon(receiver.release(&got)).await.expect("released");
    let again = next(&mut receiver).await;
    assert_eq!((text(&again).as_str(), history(&again)), ("it", (0, false)));
}

fn modified(failed: Option<bool>, not_here: Option<bool>) -> Modified {
    Modified { delivery_failed: failed, undeliverable_here: not_here, message_annotations: None }
}

pub(crate) async fn a_failed_delivery_counts(kind: Kind) {
    let bus = kind.start().await;
    let mut peer = Peer::of(&bus).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "it").await;
    for count in 0..4 {
        let got = next(&mut receiver).await;
        assert_eq!(history(&got).0, count);
        soon(receiver.modify(&got, modified(Some(true), None))).await.expect("modified");
    }
}

pub(crate) async fn a_message_that_is_undeliverable_here_goes_to_another(kind: Kind) {
    let bus = kind.start().await;
    let mut peer = Peer::of(&bus).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "it").await;
    let got = next(&mut receiver).await;
    soon(receiver.modify(&got, modified(None, Some(true)))).await.expect("modified");
    // What comes after it is not held up.
    send(&mut sender, "after").await;
    assert_eq!(take(&mut receiver).await, "after");
    let mut other = peer.receiver(QUEUE, 1).await;
    let got = next(&mut other).await;
    assert_eq!((text(&got).as_str(), history(&got).0), ("it", 0));
}

pub(crate) async fn a_rejected_message_is_gone(kind: Kind) {
    let bus = kind.start().await;
    let mut peer = Peer::of(&bus).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "it").await;
    let got = next(&mut receiver).await;
    soon(receiver.reject(&got, None)).await.expect("rejected");
    soon(receiver.close()).await.expect("closed");
    send(&mut sender, "marker").await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    assert_eq!(take(&mut receiver).await, "marker");
}

pub(crate) async fn what_a_lost_consumer_had_comes_again_in_its_order(kind: Kind) {
    let bus = kind.start().await;
    let (mut lost, mut peer) = (Peer::of(&bus).await, Peer::of(&bus).await);
    let mut receiver = lost.receiver(QUEUE, 3).await;
    let mut sender = peer.sender(QUEUE).await;
    for text in ["one", "two", "three", "four"] {
        send(&mut sender, text).await;
    }
    let mut got = Vec::new();
    for _ in 0..3 {
        got.push(next(&mut receiver).await);
    }
    soon(receiver.accept(&got[1])).await.expect("accepted");
    soon(receiver.close()).await.expect("closed");
    let mut other = peer.receiver(QUEUE, 10).await;
    for (wanted, count) in [("one", 1), ("three", 1), ("four", 0)] {
        let got = next(&mut other).await;
        assert_eq!((text(&got).as_str(), history(&got).0), (wanted, count));
    }
    // And again when the connection goes, with all that is on it.
    soon(peer.connection.close()).await.expect("closed");
    let mut peer = Peer::of(&bus).await;
    let mut another = peer.receiver(QUEUE, 10).await;
    for (wanted, count) in [("one", 2), ("three", 2), ("four", 1)] {
        let got = next(&mut another).await;
        assert_eq!((text(&got).as_str(), history(&got).0), (wanted, count));
    }
}

pub(crate) async fn what_has_expired_is_not_delivered(kind: Kind) {
    let bus = kind.start().await;
    let mut peer = Peer::of(&bus).await;
    let mut sender = peer.sender(QUEUE).await;
    let short = message(None, Some(1), "short");
    try_send(&mut sender, short).await.expect("an outcome");
    tokio::time::sleep(Duration::from_millis(5)).await;
    send(&mut sender, "marker").await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    assert_eq!(take(&mut receiver).await, "marker");
}

pub(crate) async fn the_time_that_is_left_shrinks(kind: Kind) {
    const TTL: u32 = 600_000;
    let bus = kind.start().await;
    let mut peer = Peer::of(&bus).await;
    let mut sender = peer.sender(QUEUE).await;
    try_send(&mut sender, message(None, Some(TTL), "it")).await.expect("an outcome");
    tokio::time::sleep(Duration::from_millis(20)).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    let got = next(&mut receiver).await;
    let ttl = got.message().header.as_ref().and_then(|header| header.ttl).expect("a ttl");
    assert!((1..=TTL - 20).contains(&ttl), "{ttl}");
}

pub(crate) async fn a_sender_has_credit_only_while_there_is_room(kind: Kind) {
    let bus = kind.start_as(Options { messages: Some(3), ..Options::default() }).await;
    let mut peer = Peer::of(&bus).await;
    let mut sender = peer.sender(QUEUE).await;
    for text in ["one", "two", "three"] {
        send(&mut sender, text).await;
    }
    let mut fourth = Box::pin(sender.send("four".to_owned()));
    let mut receiver = peer.receiver(QUEUE, 10).await;
    // What a consumer has and has not settled takes room still.
    let one = next(&mut receiver).await;
    assert!((&mut fourth).now_or_never().is_none());
    soon(receiver.accept(&one)).await.expect("accepted");
    let outcome = soon(fourth).await.expect("an outcome");
    assert!(outcome.is_accepted(), "{outcome:?}");
    for text in ["two", "three", "four"] {
        assert_eq!(take(&mut receiver).await, text);
    }
}

pub(crate) async fn a_large_message_passes(kind: Kind) {
    let bus = kind.start().await;
    let mut peer = Peer::of(&bus).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    let mut sender = peer.sender(QUEUE).await;
    let large = "x".repeat(3_000_000);
    send(&mut sender, &large).await;
    assert!(take(&mut receiver).await == large);
}

pub(crate) async fn a_user_comes_in_by_its_password_and_nobody_else(kind: Kind) {
    let bus = kind.start_as(Options { user: Some(("ann", "secret")), ..Options::default() }).await;
    let plain = |name: &str, password: &str| SaslProfile::Plain {
        username: name.to_owned(),
        password: password.to_owned(),
    };
    let mut peer = Peer::login(&bus, plain("ann", "secret")).await.expect("let in");
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "it").await;
    for wrong in [plain("ann", "wrong"), plain("bob", "secret")] {
        let refused = Peer::login(&bus, wrong).await.err().expect("refused");
        assert!(matches!(refused, OpenError::SaslError { .. }), "{refused:?}");
    }
    let nameless = Peer::login(&bus, SaslProfile::Anonymous).await.err().expect("refused");
    assert!(matches!(nameless, OpenError::NotImplemented(_)), "it is not offered: {nameless:?}");
}

pub(crate) async fn peers_are_told_the_product(kind: Kind) {
    let bus = kind.start_as(Options { product: Some("qpid-cpp"), ..Options::default() }).await;
    let heard = crate::by_proton::hello(&bus).await;
    assert_eq!(heard["product"], "qpid-cpp");
}

pub(crate) async fn messages_stay_until_somebody_comes(kind: Kind) {
    let bus = kind.start().await;
    let mut peer = Peer::of(&bus).await;
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "it").await;
    soon(sender.close()).await.expect("closed");
    soon(peer.connection.close()).await.expect("closed");
    let mut peer = Peer::of(&bus).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    assert_eq!(take(&mut receiver).await, "it");
}

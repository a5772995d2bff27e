//! Topics: a copy for each subscription.

use busway_broker::Broker;
use futures_util::FutureExt;

use crate::peer::{Peer, anywhere, broker, send, take, within};

const TOPIC: &str = "broadcast.openstack.topic.all";

#[tokio::test]
async fn every_subscription_gets_a_copy() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut other = Peer::of(&broker).await;
    let mut receivers = [
        peer.receiver(TOPIC, 10).await,
        peer.receiver(TOPIC, 10).await,
        other.receiver(TOPIC, 10).await,
    ];
    let mut sender = peer.sender(TOPIC).await;
    send(&mut sender, "one").await;
    send(&mut sender, "two").await;
    for receiver in &mut receivers {
        assert_eq!(take(receiver).await, "one");
        assert_eq!(take(receiver).await, "two");
    }
}

#[tokio::test]
async fn a_topic_keeps_nothing_for_those_who_come_later() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(TOPIC).await;
    send(&mut sender, "nobody listens").await;
    let mut receiver = peer.receiver(TOPIC, 10).await;
    send(&mut sender, "somebody listens").await;
    assert_eq!(take(&mut receiver).await, "somebody listens");
}

#[tokio::test]
async fn a_slow_subscription_slows_its_senders() {
    let broker = Broker::builder().listen(anywhere()).queue_messages(3);
    let broker = broker.start().await.expect("a broker");
    let mut peer = Peer::of(&broker).await;
    let mut slow = peer.receiver(TOPIC, 0).await;
    let mut quick = peer.receiver(TOPIC, 10).await;
    let mut sender = peer.sender(TOPIC).await;
    for text in ["one", "two", "three"] {
        send(&mut sender, text).await;
        assert_eq!(take(&mut quick).await, text);
    }
    let mut fourth = Box::pin(sender.send("four".to_owned()));
    assert!((&mut fourth).now_or_never().is_none());
    within(slow.set_credit(10)).await.expect("credit");
    assert_eq!(take(&mut slow).await, "one");
    within(fourth).await.expect("an outcome");
    assert_eq!(take(&mut quick).await, "four");
}

//! Messages that expire.

use std::time::{SystemTime, UNIX_EPOCH};

use busway_broker::Broker;
use fe2o3_amqp::Sender;
use fe2o3_amqp::types::messaging::{AmqpValue, Body, Header, Message, Outcome, Properties};
use fe2o3_amqp::types::primitives::{Timestamp, Value};

use crate::peer::{Peer, anywhere, broker, next, send, send_message, take, text};

const QUEUE: &str = "unicast.openstack.topic";

fn message(text: &str, ttl: Option<u32>, at: Option<i64>) -> Message<Body<Value>> {
    let mut properties = Properties::builder();
    if let Some(at) = at {
        properties = properties.absolute_expiry_time(Timestamp::from_milliseconds(at));
    }
    Message::builder()
        .header(Header { ttl, ..Header::default() })
        .properties(properties.build())
        .body(Body::Value(AmqpValue(Value::String(text.to_owned()))))
        .build()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("in this age")
}

#[tokio::test]
async fn an_expired_message_is_not_delivered() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    let sent = tokio::time::Instant::now();
    for (ttl, at) in [(Some(1), None), (None, Some(now() - 1)), (Some(60_000), Some(now() - 1))] {
        let outcome = send_message(&mut sender, message("late", ttl, at)).await;
        assert!(matches!(outcome, Outcome::Accepted(_)));
    }
    send_message(&mut sender, message("in time", Some(600_000), Some(now() + 600_000))).await;
    // A `ttl` of one millisecond has to be over before anybody takes.
    tokio::time::sleep_until(sent + std::time::Duration::from_millis(20)).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    let delivery = next(&mut receiver).await;
    assert_eq!(text(&delivery), "in time");
    let ttl = delivery.message().header.as_ref().and_then(|header| header.ttl).expect("a ttl");
    assert!(ttl < 600_000, "what is left of it is told, not {ttl}");
}

#[tokio::test]
async fn a_ttl_of_zero_is_none() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    send_message(&mut sender, message("stays", Some(0), Some(0))).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    assert_eq!(take(&mut receiver).await, "stays");
}

#[tokio::test]
async fn a_time_of_a_clock_that_began_with_its_machine_is_none() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    // As oslo.messaging tells the time on a machine that has been up for ten years.
    let ten_years = 10 * 365 * 24 * 3_600_000;
    send_message(&mut sender, message("stays", Some(600_000), Some(ten_years))).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    assert_eq!(take(&mut receiver).await, "stays");
}

/// A broker whose queues hold one message; a peer, and a sender that has filled the queue with what
/// has expired and waits for room.
async fn full_of_what_has_expired() -> (Broker, Peer, Sender) {
    let broker = Broker::builder().listen(anywhere()).queue_messages(1);
    let broker = broker.start().await.expect("a broker");
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    let sent = tokio::time::Instant::now();
    send_message(&mut sender, message("late", Some(1), None)).await;
    tokio::time::sleep_until(sent + std::time::Duration::from_millis(20)).await;
    (broker, peer, sender)
}

#[tokio::test]
async fn what_a_consumer_comes_too_late_for_makes_room() {
    let (_broker, mut peer, mut sender) = full_of_what_has_expired().await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    send(&mut sender, "in time").await;
    assert_eq!(take(&mut receiver).await, "in time");
}

#[tokio::test]
async fn what_another_sender_finds_expired_makes_room() {
    let (_broker, mut peer, mut sender) = full_of_what_has_expired().await;
    let _other = peer.sender(QUEUE).await;
    send(&mut sender, "in time").await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    assert_eq!(take(&mut receiver).await, "in time");
}

#[tokio::test]
async fn what_expires_makes_room() {
    let broker = Broker::builder().listen(anywhere()).queue_messages(2);
    let broker = broker.start().await.expect("a broker");
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    send_message(&mut sender, message("short", Some(1), None)).await;
    send(&mut sender, "long").await;
    // Nobody takes anything: the sender gets credit when the first is dropped.
    send(&mut sender, "another").await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    assert_eq!(take(&mut receiver).await, "long");
    assert_eq!(take(&mut receiver).await, "another");
}

//! Queues: each message for one consumer.

use fe2o3_amqp::Receiver;
use fe2o3_amqp::types::definitions::SenderSettleMode;
use fe2o3_amqp::types::messaging::{
    AmqpSequence, AmqpValue, ApplicationProperties, Batch, Body, Data, Message, Properties,
};
use fe2o3_amqp::types::primitives::{Binary, Value};

use crate::peer::{
    Peer, assert_empty, broker, next, send, send_message, send_settled, take, within,
};

const QUEUE: &str = "unicast.openstack.topic";

#[tokio::test]
async fn messages_wait_for_a_consumer_in_their_order() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    for text in ["one", "two", "three"] {
        send(&mut sender, text).await;
    }
    within(sender.close()).await.expect("closed");
    let mut other = Peer::of(&broker).await;
    let mut receiver = other.receiver(QUEUE, 10).await;
    for text in ["one", "two", "three"] {
        assert_eq!(take(&mut receiver).await, text);
    }
}

#[tokio::test]
async fn consumers_are_served_in_turns() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut receivers = [peer.receiver(QUEUE, 10).await, peer.receiver(QUEUE, 10).await];
    let mut sender = peer.sender(QUEUE).await;
    // The first round tells that both have their credit.
    for round in 0..4 {
        for turn in 0..2 {
            send(&mut sender, &format!("{round}{turn}")).await;
        }
    }
    let mut seen = Vec::new();
    for receiver in &mut receivers {
        let mut of_one = Vec::new();
        for _ in 0..4 {
            of_one.push(take(receiver).await);
        }
        seen.push(of_one);
    }
    let of = |turn: usize| (0..4).map(|round| format!("{round}{turn}")).collect::<Vec<_>>();
    seen.sort();
    assert_eq!(seen, [of(0), of(1)]);
}

#[tokio::test]
async fn what_is_accepted_is_gone() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    let mut receiver = peer.receiver(QUEUE, 1).await;
    send(&mut sender, "once").await;
    take(&mut receiver).await;
    within(receiver.close()).await.expect("closed");
    assert_empty(&mut peer, QUEUE).await;
}

#[tokio::test]
async fn messages_settled_by_their_sender_are_queued_too() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    for number in 0..1000 {
        send_settled(&mut sender, &number.to_string()).await;
    }
    let mut receiver = peer.receiver(QUEUE, 1000).await;
    for number in 0..1000 {
        assert_eq!(take(&mut receiver).await, number.to_string());
    }
}

#[tokio::test]
async fn a_consumer_that_wants_settled_messages_owns_them_at_once() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    let attaching = Receiver::builder()
        .name("settled")
        .source(QUEUE)
        .sender_settle_mode(SenderSettleMode::Settled)
        .attach(&mut peer.session);
    let mut receiver = within(attaching).await.expect("a receiver");
    send(&mut sender, "once").await;
    next(&mut receiver).await;
    within(receiver.close()).await.expect("closed");
    assert_empty(&mut peer, QUEUE).await;
}

#[tokio::test]
async fn every_section_and_kind_of_body_comes_through() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    let bodies = [
        Body::Value(AmqpValue(Value::Null)),
        Body::Value(AmqpValue(Value::List(vec![Value::Int(-1), Value::Bool(true)]))),
        Body::Data(Batch::new(vec![Data(Binary::from(vec![1, 2, 3]))])),
        Body::Sequence(Batch::new(vec![AmqpSequence(vec![Value::Ulong(7)])])),
    ];
    for body in bodies {
        let properties = Properties::builder()
            .message_id("id".to_owned())
            .reply_to("somewhere".to_owned())
            .correlation_id(7_u64)
            .subject("subject")
            .build();
        let application = ApplicationProperties::builder().insert("key", 1_i64).build();
        let sent = Message::builder()
            .properties(properties)
            .application_properties(application)
            .body(body)
            .build();
        send_message(&mut sender, sent.clone()).await;
        let delivery = next(&mut receiver).await;
        let came = delivery.message();
        assert_eq!(came.body, sent.body);
        assert_eq!(came.properties, sent.properties);
        assert_eq!(came.application_properties, sent.application_properties);
    }
}

#[tokio::test]
async fn a_message_of_many_frames_comes_through() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    let text = "x".repeat(3_000_000);
    send(&mut sender, &text).await;
    send(&mut sender, "next").await;
    assert!(take(&mut receiver).await == text, "another text");
    assert_eq!(take(&mut receiver).await, "next");
}

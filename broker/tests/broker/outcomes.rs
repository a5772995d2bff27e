//! What becomes of a message that its consumer does not accept.

use busway_broker::Broker;
use fe2o3_amqp::types::definitions::Fields;
use fe2o3_amqp::types::messaging::Modified;
use fe2o3_amqp::types::primitives::{Symbol, Value};
use fe2o3_amqp::{Connection, Receiver};
use tokio::net::TcpStream;

use crate::peer::{Peer, assert_empty, broker, history, next, send, take, text, within};

const QUEUE: &str = "exclusive.openstack.topic.server";

/// A queue with one message, and a consumer that has it.
async fn held(
    broker: &Broker,
) -> (Peer, Receiver, fe2o3_amqp::Delivery<fe2o3_amqp::types::messaging::Body<Value>>) {
    let mut peer = Peer::of(broker).await;
    let mut sender = peer.sender(QUEUE).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    send(&mut sender, "it").await;
    let delivery = next(&mut receiver).await;
    assert_eq!(history(&delivery), (0, true));
    (peer, receiver, delivery)
}

fn modified(failed: Option<bool>, not_here: Option<bool>) -> Modified {
    Modified { delivery_failed: failed, undeliverable_here: not_here, message_annotations: None }
}

#[tokio::test]
async fn a_released_message_comes_again_as_it_was() {
    let broker = broker().await;
    let (_peer, mut receiver, delivery) = held(&broker).await;
    within(receiver.release(&delivery)).await.expect("released");
    let again = next(&mut receiver).await;
    assert_eq!(text(&again), "it");
    assert_eq!(history(&again), (0, false));
}

#[tokio::test]
async fn a_failed_delivery_counts() {
    let broker = broker().await;
    let (_peer, mut receiver, mut delivery) = held(&broker).await;
    for count in 1..4 {
        within(receiver.modify(&delivery, modified(Some(true), None))).await.expect("modified");
        delivery = next(&mut receiver).await;
        assert_eq!(history(&delivery), (count, false));
    }
}

#[tokio::test]
async fn a_message_that_is_undeliverable_here_goes_to_another() {
    let broker = broker().await;
    let (mut peer, mut receiver, delivery) = held(&broker).await;
    within(receiver.modify(&delivery, modified(None, Some(true)))).await.expect("modified");
    // What comes after it is not held up.
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "after").await;
    assert_eq!(take(&mut receiver).await, "after");
    let mut other = peer.receiver(QUEUE, 1).await;
    let delivery = next(&mut other).await;
    assert_eq!((text(&delivery).as_str(), history(&delivery)), ("it", (0, false)));
}

#[tokio::test]
async fn annotations_of_a_modification_stay_with_the_message() {
    let broker = broker().await;
    let (_peer, mut receiver, delivery) = held(&broker).await;
    let mut annotations = Fields::new();
    annotations.insert(Symbol::from("x-opt-why"), Value::String("busy".to_owned()));
    let modified = Modified {
        delivery_failed: None,
        undeliverable_here: None,
        message_annotations: Some(annotations),
    };
    within(receiver.modify(&delivery, modified)).await.expect("modified");
    let again = next(&mut receiver).await;
    let came = again.message().message_annotations.as_ref().expect("annotations");
    assert_eq!(came.0.len(), 1);
    assert_eq!(came.0.values().next(), Some(&Value::String("busy".to_owned())));
}

#[tokio::test]
async fn a_rejected_message_is_gone() {
    let broker = broker().await;
    let (mut peer, receiver, delivery) = held(&broker).await;
    within(receiver.reject(&delivery, None)).await.expect("rejected");
    within(receiver.close()).await.expect("closed");
    assert_empty(&mut peer, QUEUE).await;
}

#[tokio::test]
async fn what_a_closed_link_had_comes_again_in_its_order() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    let mut receiver = peer.receiver(QUEUE, 3).await;
    for text in ["one", "two", "three", "four"] {
        send(&mut sender, text).await;
    }
    let mut deliveries = Vec::new();
    for _ in 0..3 {
        deliveries.push(next(&mut receiver).await);
    }
    within(receiver.accept(&deliveries[1])).await.expect("accepted");
    within(receiver.close()).await.expect("closed");
    let mut other = peer.receiver(QUEUE, 10).await;
    for (wanted, count, first) in [("one", 1, false), ("three", 1, false), ("four", 0, true)] {
        let delivery = next(&mut other).await;
        assert_eq!((text(&delivery).as_str(), history(&delivery)), (wanted, (count, first)));
    }
}

#[tokio::test]
async fn what_a_severed_connection_had_comes_again() {
    let broker = broker().await;
    let stream = TcpStream::connect(broker.address()).await.expect("a socket");
    let (inside, mut outside) = tokio::io::duplex(4096);
    let wire = tokio::spawn(async move {
        let mut stream = stream;
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut outside).await;
    });
    let connecting = Connection::builder().container_id("severed").open_with_stream(inside);
    let mut severed = Peer::over(within(connecting).await.expect("a connection")).await;
    let mut receiver = severed.receiver(QUEUE, 2).await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "one").await;
    send(&mut sender, "two").await;
    next(&mut receiver).await;
    next(&mut receiver).await;
    wire.abort();
    let mut other = peer.receiver(QUEUE, 10).await;
    for wanted in ["one", "two"] {
        let delivery = next(&mut other).await;
        assert_eq!((text(&delivery).as_str(), history(&delivery)), (wanted, (1, false)));
    }
}

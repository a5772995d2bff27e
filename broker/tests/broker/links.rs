//! Links: their names, and what the broker does not do with them.

use fe2o3_amqp::types::definitions::{Handle, Role};
use fe2o3_amqp::types::performatives::{Detach, Performative};
use fe2o3_amqp::{Receiver, Sender};

use crate::peer::{Peer, broker, send, take, within};
use crate::raw::{Raw, attach};

const QUEUE: &str = "unicast.openstack.topic";

#[tokio::test]
async fn a_name_can_be_used_again_and_again() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    for round in 0..20 {
        let attaching = Sender::attach(&mut peer.session, "sender", QUEUE);
        let mut sender = within(attaching).await.expect("a sender");
        send(&mut sender, &round.to_string()).await;
        let attaching = Receiver::attach(&mut peer.session, "receiver", QUEUE);
        let mut receiver = within(attaching).await.expect("a receiver");
        assert_eq!(take(&mut receiver).await, round.to_string());
        within(receiver.close()).await.expect("closed");
        within(sender.close()).await.expect("closed");
    }
}

#[tokio::test]
async fn a_session_outlives_links_that_both_ends_close_at_once() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut far = Peer::of(&broker).await;
    for _ in 0..50 {
        let (receiver, address) = peer.dynamic(10).await;
        let sender = far.sender(&address).await;
        // The broker closes the sender because its node goes, while the peer does.
        let (closed, _) = tokio::join!(within(receiver.close()), within(sender.close()));
        closed.expect("closed");
    }
    for peer in [&mut peer, &mut far] {
        let mut sender = peer.sender(QUEUE).await;
        send(&mut sender, "still there").await;
    }
}

#[tokio::test]
async fn a_session_outlives_a_consumer_that_closes_in_the_middle_of_messages() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut far = Peer::of(&broker).await;
    let mut sender = far.sender(QUEUE).await;
    for number in 0..100 {
        send(&mut sender, &number.to_string()).await;
    }
    for _ in 0..30 {
        let mut receiver = peer.receiver(QUEUE, 100).await;
        take(&mut receiver).await;
        // The others are on their way.
        within(receiver.close()).await.expect("closed");
    }
    let mut receiver = peer.receiver(QUEUE, 100).await;
    for _ in 30..100 {
        take(&mut receiver).await;
    }
}

#[tokio::test]
async fn one_name_can_be_used_in_both_directions() {
    let broker = broker().await;
    let mut raw = Raw::begun(&broker).await;
    for round in 0..3 {
        for (handle, role) in [(0, Role::Receiver), (1, Role::Sender)] {
            raw.frame(&attach("same", handle, role.clone(), QUEUE)).await;
            let answer = loop {
                match raw.next().await.expect("an answer") {
                    Performative::Attach(answer) => break answer,
                    Performative::Flow(_) => {}
                    other => panic!("round {round}: {other:?}"),
                }
            };
            assert_eq!(answer.name, "same", "round {round}");
            assert_ne!(answer.role, role, "round {round}");
        }
        for handle in [0, 1] {
            let handle = Handle(handle);
            raw.frame(&Detach { handle, closed: true, error: None }).await;
            while !matches!(raw.next().await.expect("an answer"), Performative::Detach(_)) {}
        }
    }
}

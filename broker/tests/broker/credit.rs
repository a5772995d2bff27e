//! Credit, both ways, and what is over.

use busway_broker::Broker;
use fe2o3_amqp::types::definitions::Role;
use fe2o3_amqp::types::performatives::Performative;
use futures_util::FutureExt;

use crate::peer::{Peer, anywhere, broker, next, rejection, send, take, try_send, within};
use crate::raw::{Raw, attach};

/// How long nothing must happen.
const QUIET: std::time::Duration = std::time::Duration::from_millis(300);
const QUEUE: &str = "unicast.openstack.topic";

async fn small(messages: usize) -> Broker {
    let builder = Broker::builder().listen(anywhere()).queue_messages(messages);
    builder.start().await.expect("a broker")
}

#[tokio::test]
async fn only_a_consumer_with_credit_gets_messages() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let _without = peer.receiver(QUEUE, 0).await;
    let mut with = peer.receiver(QUEUE, 3).await;
    let mut sender = peer.sender(QUEUE).await;
    for text in ["one", "two", "three"] {
        send(&mut sender, text).await;
        assert_eq!(take(&mut with).await, text);
    }
}

#[tokio::test]
async fn a_sender_uses_up_its_credit_and_gets_no_more_while_it_is_withheld() {
    let builder = Broker::builder().listen(anywhere()).credit(2);
    let broker = builder.start().await.expect("a broker");
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "one").await;
    broker.withhold_credit(true);
    let mut more = 0;
    let third = loop {
        let mut sending = Box::pin(sender.send("more".to_owned()));
        if tokio::time::timeout(QUIET, &mut sending).await.is_err() {
            break sending;
        }
        more += 1;
        assert!(more <= 2, "that is more than it had");
    };
    broker.withhold_credit(false);
    assert!(within(third).await.expect("an outcome").is_accepted());
    let held = broker.held();
    assert_eq!(held.get(QUEUE), Some(&(more + 2)), "{held:?}");
}

#[tokio::test]
async fn a_consumer_gets_no_more_than_its_credit() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut first = peer.receiver(QUEUE, 2).await;
    let mut sender = peer.sender(QUEUE).await;
    for text in ["one", "two", "three", "four"] {
        send(&mut sender, text).await;
    }
    // What is over waits for another.
    let mut second = peer.receiver(QUEUE, 1).await;
    assert_eq!(take(&mut second).await, "three");
    assert_eq!(take(&mut first).await, "one");
    assert_eq!(take(&mut first).await, "two");
    within(first.set_credit(1)).await.expect("credit");
    assert_eq!(take(&mut first).await, "four");
}

#[tokio::test]
async fn a_drained_consumer_has_no_credit_until_it_gives_more() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut drained = peer.receiver(QUEUE, 5).await;
    within(drained.drain()).await.expect("drained");
    let mut other = peer.receiver(QUEUE, 1).await;
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "one").await;
    assert_eq!(take(&mut other).await, "one");
    send(&mut sender, "two").await;
    within(drained.set_credit(1)).await.expect("credit");
    assert_eq!(take(&mut drained).await, "two");
}

#[tokio::test]
async fn a_sender_has_credit_only_while_there_is_room() {
    let broker = small(3).await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    for text in ["one", "two", "three"] {
        send(&mut sender, text).await;
    }
    let mut fourth = Box::pin(sender.send("four".to_owned()));
    assert!((&mut fourth).now_or_never().is_none());
    let mut receiver = peer.receiver(QUEUE, 10).await;
    // What a consumer has and has not settled takes room still.
    let one = next(&mut receiver).await;
    assert!((&mut fourth).now_or_never().is_none());
    within(receiver.accept(&one)).await.expect("accepted");
    let outcome = within(fourth).await.expect("an outcome");
    assert!(outcome.is_accepted(), "{outcome:?}");
    for text in ["two", "three", "four"] {
        assert_eq!(take(&mut receiver).await, text);
    }
}

#[tokio::test]
async fn the_first_credit_of_a_sender_is_for_the_room_that_there_is() {
    let broker = small(3).await;
    let mut raw = Raw::begun(&broker).await;
    raw.frame(&attach("sender", 0, Role::Sender, QUEUE)).await;
    assert!(matches!(raw.next().await, Some(Performative::Attach(_))));
    let Some(Performative::Flow(flow)) = raw.next().await else { panic!("no credit") };
    assert_eq!(flow.link_credit, Some(3));
}

#[tokio::test]
async fn what_is_over_is_rejected() {
    let broker = small(2).await;
    let mut peer = Peer::of(&broker).await;
    // Both have credit for the room that there is.
    let mut one = peer.sender(QUEUE).await;
    let mut two = peer.sender(QUEUE).await;
    let mut both = Vec::new();
    for sender in [&mut one, &mut two] {
        for text in ["1", "2"] {
            both.push(within(sender.send_batchable(text.to_owned())).await.expect("sent"));
        }
    }
    let mut outcomes = Vec::new();
    for outcome in both {
        outcomes.push(within(outcome).await.expect("an outcome"));
    }
    let (accepted, rejected): (Vec<_>, Vec<_>) =
        outcomes.into_iter().partition(fe2o3_amqp::types::messaging::Outcome::is_accepted);
    assert_eq!(accepted.len(), 2);
    for outcome in rejected {
        assert_eq!(rejection(&outcome), "amqp:resource-limit-exceeded");
    }
}

#[tokio::test]
async fn the_bytes_of_a_queue_are_bounded_too() {
    let broker = Broker::builder().listen(anywhere()).queue_bytes(10_000);
    let broker = broker.start().await.expect("a broker");
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    let large = "x".repeat(6000);
    send(&mut sender, &large).await;
    send(&mut sender, &large).await;
    assert_eq!(rejection(&try_send(&mut sender, "over").await), "amqp:resource-limit-exceeded");
    let mut receiver = peer.receiver(QUEUE, 1).await;
    take(&mut receiver).await;
    send(&mut sender, "fits").await;
}

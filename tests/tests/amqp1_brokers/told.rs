//! What the brokers do when they are told to, and what they tell.

use busway_testkit::brokers::{Proton, Refused};
use busway_testkit::stage::soon;
use fe2o3_amqp::types::messaging::Outcome;
use fe2o3_amqp::{Receiver, Sender};
use futures_util::FutureExt;
use tokio::task::block_in_place;

use crate::bus::{Bus, Kind};
use crate::peer::{Peer, message, next, send, take, text, try_next, try_send};

const QUEUE: &str = "unicast.vh.openstack.topic";

fn proton(bus: &Bus) -> &Proton {
    match bus {
        Bus::Proton(broker) => broker,
        Bus::Desk(_) => panic!("it is told nothing"),
    }
}

async fn both_ends(bus: &Bus) -> (Peer, Sender, Receiver) {
    let mut peer = Peer::of(bus).await;
    let sender = peer.sender(QUEUE).await;
    let receiver = peer.receiver(QUEUE, 10).await;
    (peer, sender, receiver)
}

pub(crate) async fn a_message_comes_to_what_the_broker_was_told(kind: Kind) {
    let bus = kind.start().await;
    let (_peer, mut sender, mut receiver) = both_ends(&bus).await;
    let outcomes = [
        Refused::Released,
        Refused::Modified { delivery_failed: true, undeliverable_here: false },
        Refused::Modified { delivery_failed: false, undeliverable_here: true },
        Refused::Rejected("amqp:not-allowed".to_owned()),
    ];
    block_in_place(|| proton(&bus).answer(QUEUE, &outcomes)).expect("told");
    let mut answers = Vec::new();
    for _ in &outcomes {
        let answer = try_send(&mut sender, message(None, None, "refused")).await;
        answers.push(match answer.expect("an outcome") {
            Outcome::Released(_) => "released".to_owned(),
            Outcome::Modified(it) => {
                format!("modified {:?} {:?}", it.delivery_failed, it.undeliverable_here)
            }
            Outcome::Rejected(it) => format!("{:?}", it.error.expect("an error").condition),
            other @ Outcome::Accepted(_) => panic!("{other:?}"),
        });
    }
    assert_eq!(answers[0], "released");
    assert!(answers[1].starts_with("modified Some(true)"), "{answers:?}");
    assert!(answers[2].ends_with("Some(true)"), "{answers:?}");
    assert!(answers[3].contains("NotAllowed"), "{answers:?}");
    send(&mut sender, "taken").await;
    assert_eq!(take(&mut receiver).await, "taken");
}

pub(crate) async fn a_link_is_refused_while_the_broker_was_told_so(kind: Kind) {
    let bus = kind.start().await;
    let mut peer = Peer::of(&bus).await;
    let refuse = |condition| block_in_place(|| proton(&bus).refuse(QUEUE, condition));
    refuse(Some("amqp:unauthorized-access")).expect("told");
    let attached = peer.try_receiver(QUEUE).await;
    let refused = match attached {
        Ok(mut receiver) => format!("{:?}", try_next(&mut receiver).await.err()),
        Err(error) => format!("{error:?}"),
    };
    assert!(refused.contains("UnauthorizedAccess"), "{refused}");
    refuse(None).expect("told");
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "taken").await;
}

pub(crate) async fn no_credit_is_given_while_it_is_withheld(kind: Kind) {
    let bus = kind.start().await;
    bus.withhold_credit(true).await;
    let (mut peer, mut sender, mut receiver) = both_ends(&bus).await;
    let mut sending = Box::pin(sender.send("it".to_owned()));
    // What it knows when it has answered this, it knew before.
    let _other = peer.receiver("unicast.vh.other", 1).await;
    assert!((&mut sending).now_or_never().is_none());
    bus.withhold_credit(false).await;
    assert!(soon(sending).await.expect("an outcome").is_accepted());
    assert_eq!(take(&mut receiver).await, "it");
}

async fn held_by(bus: &Bus) -> (usize, usize, usize) {
    (bus.held("vh").await, bus.held("other").await, bus.held("").await)
}

pub(crate) async fn what_is_held_is_counted_by_virtual_host(kind: Kind) {
    let bus = kind.start().await;
    let (_peer, mut sender, mut receiver) = both_ends(&bus).await;
    send(&mut sender, "one").await;
    send(&mut sender, "two").await;
    let one = next(&mut receiver).await;
    assert_eq!(text(&one), "one");
    assert_eq!(held_by(&bus).await, (2, 0, 2));
    soon(receiver.accept(&one)).await.expect("accepted");
    take(&mut receiver).await;
    // It is told of them in the order in which they were settled.
    send(&mut sender, "three").await;
    take(&mut receiver).await;
    soon(receiver.close()).await.expect("closed");
    assert_eq!(held_by(&bus).await, (0, 0, 0));
}

pub(crate) async fn the_queues_of_a_virtual_host_can_be_narrow(kind: Kind) {
    let bus = kind.start().await;
    block_in_place(|| proton(&bus).narrow("vh", 2)).expect("told");
    let (mut peer, mut sender, receiver) = both_ends(&bus).await;
    soon(receiver.close()).await.expect("closed");
    send(&mut sender, "one").await;
    send(&mut sender, "two").await;
    let mut third = Box::pin(sender.send("three".to_owned()));
    let mut elsewhere = peer.sender("unicast.other.openstack.topic").await;
    for _ in 0..3 {
        send(&mut elsewhere, "it").await;
    }
    assert!((&mut third).now_or_never().is_none());
    let mut receiver = peer.receiver(QUEUE, 10).await;
    assert_eq!(take(&mut receiver).await, "one");
    assert!(soon(third).await.expect("an outcome").is_accepted());
}

pub(crate) async fn a_paused_broker_answers_when_it_is_resumed(kind: Kind) {
    let bus = kind.start().await;
    let (_peer, mut sender, mut receiver) = both_ends(&bus).await;
    proton(&bus).pause();
    let mut sending = Box::pin(sender.send("it".to_owned()));
    assert!((&mut sending).now_or_never().is_none());
    proton(&bus).resume();
    assert!(soon(sending).await.expect("an outcome").is_accepted());
    assert_eq!(take(&mut receiver).await, "it");
}

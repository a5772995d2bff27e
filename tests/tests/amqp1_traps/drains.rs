//! Peers that take credit back: they have the link drained.

use std::time::Duration;

use busway_core::ErrorKind;
use busway_testkit::stage::{Service, serve, soon};
use busway_tests::amqp1_wire::{
    Link, Manners, Stranger, addresses, flow, found, open, senders, transfer, trial,
};
use fe2o3_amqp::types::definitions::Role;
use fe2o3_amqp::types::performatives::{Flow, Performative};
use libtest_mimic::Trial;
use serde_json::json;

use crate::stand::{
    HASTE, address, ask, assert_orderly, client, connections, replied, request, served,
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("credit_that_was_taken_back_is_not_used", casts),
        trial("a_reply_waits_for_credit_that_was_taken_back", replies),
        trial("nothing_is_lost_and_nothing_comes_twice_however_often_a_link_is_drained", often),
        trial("a_link_that_is_drained_of_all_its_numbers_makes_place_for_another", all),
        trial("all_the_credit_there_can_be_is_credit", much),
    ]
}

/// A peer that gives senders this credit.
async fn giving(credit: u32) -> Stranger {
    let manners = move |_| -> Manners {
        Box::new(move |_, mouth| {
            mouth.give(credit);
            false
        })
    };
    Stranger::start(manners).await.expect("a peer")
}

/// Has a link drained that has credit up to that number; its client says that it is used up.
async fn drain(peer: &Stranger, link: &Link, limit: u32) {
    let drained = Flow { drain: true, ..flow(link.handle(), 0, limit) };
    peer.say(link.channel, drained, &[]);
    found(|| {
        let heard = peer.heard();
        let mut flows = link.flows(&heard).into_iter().filter_map(Result::ok);
        let wanted = |it: &Flow| it.delivery_count == Some(limit) && it.link_credit == Some(0);
        flows.next_back().filter(|it| it.drain && wanted(it))
    })
    .await;
}

/// The link to an address, once it is there.
async fn sender(peer: &Stranger, address: &str) -> Link {
    found(|| senders(&peer.heard(), address).pop()).await
}

async fn casts() {
    let peer = giving(10).await;
    let transport = open(peer.address(), HASTE).await;
    let client = client(&transport);
    let brief = client.prepare().timeout(Duration::from_millis(300));
    soon(client.cast("first", json!({}))).await.expect("taken");
    let link = sender(&peer, &address("topic")).await;
    drain(&peer, &link, 10).await;
    for credit in 1..4 {
        let cast = soon(brief.cast("given up", json!({}))).await.expect_err("no credit");
        assert_eq!(cast.kind(), ErrorKind::Timeout, "{cast:?}");
        peer.say(link.channel, flow(link.handle(), 10, credit), &[]);
        soon(client.cast("taken", json!({}))).await.expect("taken");
    }
    let heard = peer.heard();
    assert_eq!(link.transfers(&heard).len(), 4, "what was given up was sent");
    assert_eq!(connections(&peer), 1);
    assert_orderly(&heard);
}

async fn replies() {
    let peer = giving(10).await;
    let transport = open(peer.address(), HASTE).await;
    let server = serve(&transport, "topic", "server", Service::echo()).await.expect("a server");
    let link = served(&peer, "topic").pop().expect("a link");
    ask(&peer, &link, 0).await;
    let caller = sender(&peer, "caller").await;
    drain(&peer, &caller, 10).await;
    for id in 1..5 {
        peer.say(link.channel, transfer(link.handle(), id, true), &request(id));
    }
    peer.say(caller.channel, flow(caller.handle(), 10, 4), &[]);
    for id in 1..5 {
        replied(&peer, id).await;
    }
    soon(server.stop()).await.expect("stopped");
    let heard = peer.heard();
    assert_eq!(caller.transfers(&heard).len(), 5);
    assert_eq!(senders(&heard, "caller").len(), 1);
    assert_orderly(&heard);
}

/// The credit that is given each time, and the messages.
const CREDIT: u32 = 3;
const TIMES: usize = 60;

async fn often() {
    // After each message the link is drained; as soon as it is, there is credit again.
    let manners = |_| -> Manners {
        let (mut handle, mut limit) = (None, CREDIT);
        Box::new(move |frame, mouth| {
            mouth.give(CREDIT);
            match &frame.said {
                Performative::Attach(attach)
                    if attach.role == Role::Sender
                        && addresses(attach).1 == Some(address("topic")) =>
                {
                    handle = Some(attach.handle.0);
                }
                Performative::Transfer(transfer) if handle == Some(transfer.handle.0) => {
                    let all = Flow { drain: true, ..flow(transfer.handle.0, 0, limit) };
                    mouth.say(frame.channel, all, &[]);
                }
                Performative::Flow(it)
                    if it.drain
                        && it.delivery_count == Some(limit)
                        && handle == it.handle.as_ref().map(|it| it.0) =>
                {
                    mouth.say(frame.channel, flow(handle.unwrap_or(0), limit, CREDIT), &[]);
                    limit += CREDIT;
                    return true;
                }
                _ => {}
            }
            false
        })
    };
    let peer = Stranger::start(manners).await.expect("a peer");
    let transport = open(peer.address(), HASTE).await;
    let client = client(&transport);
    let cast = |number| client.cast("echo", json!({ "it": number }));
    for number in (0..TIMES).step_by(2) {
        // There is credit left for another.
        let (one, two) = soon(async { tokio::join!(cast(number), cast(number + 1)) }).await;
        one.and(two).expect("taken");
    }
    let link = sender(&peer, &address("topic")).await;
    let heard = peer.heard();
    let sent = link.transfers(&heard).into_iter().map(|it| format!("{:?}", it.2.message().body));
    let sent: Vec<_> = sent.collect();
    let once = |number: &usize| {
        let args = format!("\\\"it\\\":{number}}}");
        sent.iter().filter(|it| it.contains(&args)).count() == 1
    };
    assert_eq!((0..TIMES).filter(once).count(), TIMES, "{sent:?}");
    assert_eq!(sent.len(), TIMES);
    assert_orderly(&heard);
}

/// The engine's numbers end at 2^32.
async fn all() {
    let most = (1 << 31) - 1;
    let peer = giving(most).await;
    let transport = open(peer.address(), HASTE).await;
    let client = client(&transport);
    for time in 0..5 {
        soon(client.cast("echo", json!({}))).await.expect("taken");
        let link = sender(&peer, &address("topic")).await;
        assert_eq!(senders(&peer.heard(), &address("topic")).len(), time + 1);
        drain(&peer, &link, most).await;
    }
    assert_eq!(connections(&peer), 1);
}

async fn much() {
    let peer = giving(u32::MAX).await;
    let transport = open(peer.address(), HASTE).await;
    let client = client(&transport);
    for _ in 0..3 {
        soon(client.cast("echo", json!({}))).await.expect("taken");
    }
    assert_eq!(connections(&peer), 1);
}

//! Subscriptions that end while messages come.

use busway_testkit::stage::{Service, serve, soon};
use busway_tests::amqp1_wire::{
    Manners, Stranger, by_the_book, closed, found, open, transfer, trial,
};
use fe2o3_amqp::types::messaging::DeliveryState;
use fe2o3_amqp::types::performatives::Performative;
use libtest_mimic::Trial;

use crate::stand::{HASTE, address, ask, assert_orderly, connections, outcome, request, served};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_server_that_stops_while_requests_come_leaves_the_session_alone", stopped),
        trial("a_server_that_is_dropped_while_requests_come_leaves_the_session_alone", dropped),
        trial("no_credit_is_given_on_a_link_that_the_peer_has_ended", ended),
    ]
}

/// The requests before the stop, and those that were on their way when the peer heard of it.
const BEFORE: u32 = 40;
const AFTER: u32 = 20;

/// A peer that goes on sending until it has heard that the link is drained, and until it has heard
/// of its end.
async fn persistent() -> Stranger {
    let manners = |_| -> Manners {
        let mut handles = Vec::new();
        Box::new(move |frame, mouth| {
            let channel = frame.channel;
            match &frame.said {
                Performative::Attach(attach)
                    if busway_tests::amqp1_wire::addresses(attach).0 == Some(address("ending")) =>
                {
                    handles.push(attach.handle.0);
                }
                Performative::Flow(flow) if flow.drain => {
                    let handle = flow.handle.as_ref().map_or(0, |it| it.0);
                    if handles.contains(&handle) {
                        for id in BEFORE..BEFORE + AFTER {
                            mouth.say(channel, transfer(handle, id, false), &request(id));
                        }
                    }
                }
                _ => {}
            }
            false
        })
    };
    Stranger::start(manners).await.expect("a peer")
}

async fn stopped() {
    end(true).await;
}

async fn dropped() {
    end(false).await;
}

/// The engine ends the session when a message comes for a link that was dropped.
async fn end(in_order: bool) {
    let peer = persistent().await;
    let transport = open(peer.address(), HASTE).await;
    let server = serve(&transport, "ending", "server", Service::echo()).await.expect("a server");
    let staying = serve(&transport, "topic", "server", Service::echo()).await;
    let _staying = staying.expect("a server");
    let link = served(&peer, "ending").pop().expect("a link");
    for id in 0..BEFORE {
        peer.say(link.channel, transfer(link.handle(), id, false), &request(id));
    }
    if in_order {
        soon(server.stop()).await.expect("stopped");
    } else {
        drop(server);
    }
    found(|| link.detached(&peer.heard())).await;
    let heard = peer.heard();
    for id in 0..BEFORE + AFTER {
        let outcome = outcome(&link, &heard, id);
        let settled = matches!(
            outcome,
            Some(
                DeliveryState::Accepted(_)
                    | DeliveryState::Released(_)
                    | DeliveryState::Modified(_)
            )
        );
        assert!(settled, "{id}: {outcome:?}");
    }
    let link = served(&peer, "topic").pop().expect("a link");
    ask(&peer, &link, 1000).await;
    assert_orderly(&peer.heard());
    assert_eq!(connections(&peer), 1);
}

/// How often the peer ends the link.
const TIMES: usize = 20;

async fn ended() {
    let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
    let options = format!("{HASTE}&rpc_server_credit=2");
    let transport = open(peer.address(), &options).await;
    let server = serve(&transport, "topic", "server", Service::echo()).await;
    let _server = server.expect("a server");
    for time in 0..TIMES {
        let link = found(|| {
            let heard = peer.heard();
            let link = served(&peer, "topic").into_iter().nth(time)?;
            // It has its credit.
            link.flows(&heard).iter().any(Result::is_ok).then_some(link)
        })
        .await;
        // What is accepted now makes for more credit.
        for id in 0..2 {
            peer.say(link.channel, transfer(link.handle(), id, false), &request(id));
        }
        peer.say(link.channel, closed(link.handle(), None), &[]);
    }
    let link = found(|| served(&peer, "topic").into_iter().nth(TIMES)).await;
    ask(&peer, &link, 0).await;
    assert_orderly(&peer.heard());
    assert_eq!(connections(&peer), 1);
}

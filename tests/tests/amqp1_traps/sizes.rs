//! Messages that are too long for one side or the other.

use busway_core::{Config, ErrorKind, Transport};
use busway_testkit::stage::{Service, serve, soon};
use busway_tests::amqp1_wire::{
    Manners, Stranger, by_the_book, flow, found, mirrored, open, transfer, trial,
};
use fe2o3_amqp::types::definitions::Role;
use fe2o3_amqp::types::messaging::{DeliveryState, Properties};
use fe2o3_amqp::types::performatives::{Attach, Performative};
use libtest_mimic::Trial;
use serde_json::json;

use crate::stand::{HASTE, ask, assert_orderly, client, connections, outcome, served, text};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_message_that_is_too_long_for_the_peer_is_refused_at_once", sent),
        trial("a_request_that_is_too_long_for_us_is_rejected", received),
    ]
}

const MOST: usize = 1000;

async fn sent() {
    let manners = |_| -> Manners {
        Box::new(|frame, mouth| {
            let Performative::Attach(attach) = &frame.said else { return false };
            if attach.role == Role::Receiver {
                return false;
            }
            let answer = Attach { max_message_size: Some(MOST as u64), ..mirrored(attach) };
            mouth.say(frame.channel, answer, &[]);
            mouth.say(frame.channel, flow(attach.handle.0, 0, 100), &[]);
            true
        })
    };
    let peer = Stranger::start(manners).await.expect("a peer");
    let transport = open(peer.address(), HASTE).await;
    let client = client(&transport);
    let long = json!({ "long": "x".repeat(MOST) });
    for _ in 0..3 {
        soon(client.cast("echo", json!({}))).await.expect("taken");
        let cast = soon(client.cast("echo", &long)).await.expect_err("too long");
        assert_eq!(cast.kind(), ErrorKind::LimitExceeded, "{cast:?}");
        let called = soon(client.call::<_, ()>("echo", &long)).await.expect_err("too long");
        assert_eq!(called.kind(), ErrorKind::LimitExceeded, "{called:?}");
    }
    assert_orderly(&peer.heard());
    assert_eq!(connections(&peer), 1);
}

async fn received() {
    let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
    let config = Config::builder().set("DEFAULT", "max_body_size", MOST.to_string()).build();
    let builder = Transport::builder().config(config.expect("a configuration"));
    let url = format!("amqp://{}/v?{HASTE}", peer.address());
    let transport = soon(builder.open(&url)).await.expect("a transport");
    let _server = serve(&transport, "topic", "server", Service::echo()).await.expect("a server");
    let link = served(&peer, "topic").pop().expect("a link");
    let args = json!({ "long": "x".repeat(MOST) });
    let request = json!({ "request": { "method": "echo", "args": args }, "context": {} });
    let long = text(&request.to_string(), Properties::default());
    peer.say(link.channel, transfer(link.handle(), 0, false), &long);
    let said = found(|| outcome(&link, &peer.heard(), 0)).await;
    assert!(matches!(said, DeliveryState::Rejected(_)), "{said:?}");
    ask(&peer, &link, 1).await;
    assert_orderly(&peer.heard());
}

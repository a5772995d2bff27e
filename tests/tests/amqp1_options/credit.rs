//! How many messages a peer may send ahead.

use busway_core::Target;
use busway_core::rpc::RpcClient;
use busway_testkit::stage::{Gate, PATIENCE, Service, serve, soon};
use busway_tests::amqp1_wire::{
    Heard, Link, Manners, Stranger, addresses, by_the_book, bytes_of, found, open, receivers,
    reply_link, transfer, trial,
};
use fe2o3_amqp::types::definitions::Role;
use fe2o3_amqp::types::messaging::{AmqpValue, Body, Message, MessageId, Properties};
use fe2o3_amqp::types::performatives::Performative;
use fe2o3_amqp::types::primitives::Value;
use libtest_mimic::Trial;
use serde_json::{Value as Json, json};

use crate::replies::request;
use crate::stand::listening;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("no_more_requests_are_sent_ahead_than_the_credit", requests),
        trial("no_more_notifications_are_sent_ahead_than_the_credit", notifications),
        trial("no_more_replies_are_sent_ahead_than_the_credit", replies),
    ]
}

const CREDIT: u32 = 4;

/// The deliveries up to which the peer may send by now; that is never more than so many that are
/// not accepted.
fn granted(link: &Link, heard: &[Heard]) -> u32 {
    let (mut accepted, mut granted, mut first) = (0, 0, true);
    for it in link.flows(heard) {
        match it {
            Err(disposition) => {
                assert!(disposition.settled, "{disposition:?}");
                accepted += disposition.last.unwrap_or(disposition.first) - disposition.first + 1;
            }
            Ok(flow) => {
                let (count, credit) = (flow.delivery_count.unwrap_or(0), flow.link_credit);
                let now = count + credit.expect("credit");
                assert!(!first || now == CREDIT, "{now} at first");
                assert!(now <= accepted + CREDIT, "{now} with {accepted} accepted");
                // It is topped up when half of it is used, not for each message.
                assert!(first || now >= granted + CREDIT / 2, "from {granted} to {now}");
                (granted, first) = (now, false);
            }
        }
    }
    granted
}

/// Sends so many, as the credit allows, and returns how far it went at last.
async fn send(peer: &Stranger, link: &Link, count: u32, payload: &[u8]) -> u32 {
    for id in 0..count {
        found(|| (granted(link, &peer.heard()) > id).then_some(())).await;
        peer.say(link.channel, transfer(link.handle(), id, false), payload);
    }
    found(|| Some(granted(link, &peer.heard())).filter(|granted| *granted > count)).await
}

async fn requests() {
    let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
    let transport = open(peer.address(), "rpc_server_credit=4").await;
    let _server = serve(&transport, "topic", "server", Service::echo()).await.expect("a server");
    let links = [
        "exclusive.v.openstack.topic.server",
        "unicast.v.openstack.topic",
        "broadcast.v.openstack.topic.all",
    ];
    for address in links {
        let link = found(|| receivers(&peer.heard(), address).pop()).await;
        found(|| (granted(&link, &peer.heard()) == CREDIT).then_some(())).await;
    }
    // The dispositions of a session tell nothing of their link: one link is used.
    let link = receivers(&peer.heard(), links[1]).pop().expect("a link");
    send(&peer, &link, 20, &request(None)).await;
}

async fn notifications() {
    let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
    let transport = open(peer.address(), "notify_server_credit=4").await;
    let gate = Gate::shut();
    let _listener = listening(&transport, &gate).await;
    let address = "unicast.v.openstack.log.info";
    let link = found(|| receivers(&peer.heard(), address).pop()).await;
    let told = json!({ "event_type": "event", "priority": "INFO", "payload": {} });
    let text = json!({ "request": told, "context": {} }).to_string();
    let message = Message::builder().body(Body::Value(AmqpValue(Value::String(text)))).build();
    let payload = bytes_of(message);
    // None is accepted before it is handled.
    for id in 0..CREDIT {
        found(|| (granted(&link, &peer.heard()) > id).then_some(())).await;
        peer.say(link.channel, transfer(link.handle(), id, false), &payload);
    }
    gate.entered(CREDIT as usize).await;
    assert_eq!(granted(&link, &peer.heard()), CREDIT);
    gate.open();
    found(|| (granted(&link, &peer.heard()) > CREDIT).then_some(())).await;
}

async fn replies() {
    let manners = |_| -> Manners {
        let (mut link, mut sent) = (None, 0);
        Box::new(move |frame, mouth| {
            match &frame.said {
                Performative::Attach(attach)
                    if attach.role == Role::Receiver && addresses(attach).0.is_none() =>
                {
                    link = Some((frame.channel, attach.handle.0));
                }
                Performative::Transfer(_) => {
                    let asked = frame.message().properties.and_then(|it| it.message_id);
                    let (channel, handle) = link.expect("a link for replies");
                    mouth.say(channel, transfer(handle, sent, false), &reply(asked));
                    sent += 1;
                }
                _ => {}
            }
            false
        })
    };
    let peer = Stranger::start(manners).await.expect("a peer");
    let transport = open(peer.address(), "reply_link_credit=4").await;
    let client = RpcClient::builder(&transport, Target::new("topic")).timeout(PATIENCE).build();
    for _ in 0..20 {
        let answer: Json = soon(client.call("echo", json!({}))).await.expect("answered");
        assert_eq!(answer, json!(7));
    }
    let heard = peer.heard();
    found(|| (granted(&reply_link(&heard), &peer.heard()) > 20).then_some(())).await;
}

fn reply(asked: Option<MessageId>) -> Vec<u8> {
    let properties = Properties { correlation_id: asked, ..Properties::default() };
    let text = json!({ "response": 7 }).to_string();
    let body = Body::Value(AmqpValue(Value::String(text)));
    bytes_of(Message::builder().properties(properties).body(body).build())
}

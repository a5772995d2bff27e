//! How often and how long replies are sent.

use std::time::Duration;

use busway_core::rpc::RpcServer;
use busway_testkit::stage::{Service, serve, soon};
use busway_tests::amqp1_wire::{
    Manners, Mouth, Stranger, addresses, bytes_of, found, open, receivers, senders, transfer, trial,
};
use fe2o3_amqp::types::definitions::Role;
use fe2o3_amqp::types::messaging::{
    AmqpValue, Body, DeliveryState, Header, Message, MessageId, Properties, Released,
};
use fe2o3_amqp::types::performatives::{Attach, Performative};
use fe2o3_amqp::types::primitives::Value;
use libtest_mimic::Trial;
use serde_json::json;
use tokio::time::Instant;

use crate::stand::assert_took;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_reply_that_comes_back_is_sent_again_so_often", so_often),
        trial("a_reply_is_given_up_after_its_time", given_up),
    ]
}

/// A request of `caller`, with so much time.
pub(crate) fn request(ttl: Option<u32>) -> Vec<u8> {
    let properties = Properties {
        message_id: Some(MessageId::String("m-1".to_owned())),
        reply_to: Some("caller".to_owned()),
        ..Properties::default()
    };
    let text = json!({ "request": { "method": "echo", "args": {} }, "context": {} }).to_string();
    let message = Message::builder()
        .header(Header { ttl, ..Header::default() })
        .properties(properties)
        .body(Body::Value(AmqpValue(Value::String(text))))
        .build();
    bytes_of(message)
}

/// Whether it is the link to `caller`.
pub(crate) fn is_to_caller(attach: &Attach) -> bool {
    attach.role == Role::Sender && addresses(attach).1.as_deref() == Some("caller")
}

/// A peer that does something else with what is sent to `caller`.
async fn peer(
    attached: fn(u16, &Attach, &mut Mouth),
    state: impl Fn() -> DeliveryState + Clone + Send + 'static,
) -> Stranger {
    let manners = move |_| -> Manners {
        let (mut link, state) = (None, state.clone());
        Box::new(move |frame, mouth| {
            match &frame.said {
                Performative::Attach(attach) if is_to_caller(attach) => {
                    link = Some((frame.channel, attach.handle.clone()));
                    attached(frame.channel, attach, mouth);
                    return true;
                }
                Performative::Transfer(transfer)
                    if link == Some((frame.channel, transfer.handle.clone())) =>
                {
                    mouth.transfer(frame.channel, transfer, &state());
                    return true;
                }
                _ => {}
            }
            false
        })
    };
    Stranger::start(manners).await.expect("a peer")
}

/// Asks a server for something; it has answered, or given up, when it is stopped.
async fn ask(peer: &Stranger, server: RpcServer, ttl: Option<u32>) {
    let heard = peer.heard();
    let link = receivers(&heard, "unicast.v.openstack.topic").pop().expect("a server");
    peer.say(link.channel, transfer(link.handle(), 0, false), &request(ttl));
    found(|| senders(&peer.heard(), "caller").pop()).await;
    soon(server.stop()).await.expect("stopped");
}

async fn so_often() {
    for (retry, ttl, expected) in [("0", None, 1..=1), ("2", None, 3..=3), ("-1", Some(700), 3..=7)]
    {
        let released = || DeliveryState::Released(Released {});
        let peer = peer(|channel, attach, mouth| mouth.attach(channel, attach), released).await;
        let options =
            format!("pre_settled=notify&link_retry_delay=0.1&default_reply_retry={retry}");
        let transport = open(peer.address(), &options).await;
        let server = serve(&transport, "topic", "server", Service::echo()).await;
        ask(&peer, server.expect("a server"), ttl).await;
        let heard = peer.heard();
        let sent = senders(&heard, "caller")[0].transfers(&heard);
        assert!(expected.contains(&sent.len()), "{retry}: {} times", sent.len());
        for pair in sent.windows(2) {
            let apart = pair[1].0 - pair[0].0;
            assert!(apart >= Duration::from_millis(100), "after {apart:?} already");
        }
    }
}

async fn given_up() {
    let accepted = busway_tests::amqp1_wire::accepted;
    let without_credit = |channel, attach: &Attach, mouth: &mut Mouth| {
        mouth.say(channel, busway_tests::amqp1_wire::mirrored(attach), &[]);
    };
    let peer = peer(without_credit, accepted).await;
    let transport = open(peer.address(), "default_reply_timeout=0.3").await;
    let server = serve(&transport, "topic", "server", Service::echo()).await.expect("a server");
    let start = Instant::now();
    ask(&peer, server, None).await;
    assert_took(start.elapsed(), Duration::from_millis(300));
    let heard = peer.heard();
    assert!(senders(&heard, "caller")[0].transfers(&heard).is_empty());
}

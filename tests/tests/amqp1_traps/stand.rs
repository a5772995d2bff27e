//! What the tests share.

use std::collections::HashSet;

use busway_core::{Target, Transport, rpc::RpcClient};
use busway_testkit::stage::PATIENCE;
use busway_tests::amqp1_wire::{
    Heard, Link, Stranger, bytes_of, found, receivers, senders, transfer,
};
use fe2o3_amqp::types::definitions::{Error, ErrorCondition};
use fe2o3_amqp::types::messaging::{
    AmqpValue, Body, DeliveryState, Message, MessageId, Properties,
};
use fe2o3_amqp::types::performatives::Performative;
use fe2o3_amqp::types::primitives::Value;
use serde_json::json;

/// Nothing is waited for that is lost.
pub(crate) const HASTE: &str = "link_retry_delay=0.05&connection_retry_interval=0.05\
                                &connection_retry_backoff=0&pre_settled=rpc-reply";

pub(crate) fn client(transport: &Transport) -> RpcClient {
    RpcClient::builder(transport, Target::new("topic")).timeout(PATIENCE).build()
}

pub(crate) fn address(topic: &str) -> String {
    format!("unicast.v.openstack.{topic}")
}

/// The links of the servers of a topic.
pub(crate) fn served(peer: &Stranger, topic: &str) -> Vec<Link> {
    receivers(&peer.heard(), &address(topic))
}

/// The error that a peer names.
pub(crate) fn error(condition: impl Into<ErrorCondition>) -> Error {
    Error::new(condition, "as the test has it".to_owned(), None)
}

/// A message whose body is this text.
pub(crate) fn text(text: &str, properties: Properties) -> Vec<u8> {
    let body = Body::Value(AmqpValue(Value::String(text.to_owned())));
    bytes_of(Message::builder().properties(properties).body(body).build())
}

/// A request to `echo` a number; the reply goes to the address `caller`.
pub(crate) fn request(number: u32) -> Vec<u8> {
    let properties = Properties {
        message_id: Some(MessageId::String(number.to_string())),
        reply_to: Some("caller".to_owned()),
        ..Properties::default()
    };
    let args = json!({ "it": number });
    text(
        &json!({ "request": { "method": "echo", "args": args }, "context": {} }).to_string(),
        properties,
    )
}

/// Waits for the reply to the request of that number.
pub(crate) async fn replied(peer: &Stranger, number: u32) {
    let wanted = Some(MessageId::String(number.to_string()));
    found(|| {
        let heard = peer.heard();
        let links = senders(&heard, "caller");
        let mut replies = links.iter().flat_map(|link| link.transfers(&heard));
        replies.find(|(_, _, frame)| {
            frame.message().properties.is_some_and(|it| it.correlation_id == wanted)
        })
    })
    .await;
}

/// Asks the server at the end of this link for something, and waits for the reply.
pub(crate) async fn ask(peer: &Stranger, link: &Link, id: u32) {
    peer.say(link.channel, transfer(link.handle(), id, true), &request(1000 + id));
    replied(peer, 1000 + id).await;
}

/// What became of the delivery of that number on the session of this link, if it is known.
pub(crate) fn outcome(link: &Link, heard: &[Heard], id: u32) -> Option<DeliveryState> {
    link.flows(heard).into_iter().find_map(|it| {
        let disposition = it.err()?;
        let last = disposition.last.unwrap_or(disposition.first);
        (disposition.first..=last).contains(&id).then_some(disposition.state)?
    })
}

/// That clients spoke of no link that is not attached, and ended no session and no connection.
pub(crate) fn assert_orderly(heard: &[Heard]) {
    let mut attached = HashSet::new();
    for it in heard {
        let link = |handle: u32| (it.connection, it.frame.channel, handle);
        match &it.frame.said {
            Performative::Attach(attach) => {
                assert!(attached.insert(link(attach.handle.0)), "twice: {attach:?}");
            }
            Performative::Detach(detach) => {
                assert!(attached.remove(&link(detach.handle.0)), "unknown: {detach:?}");
            }
            Performative::Flow(flow) => {
                let known = flow.handle.as_ref().is_none_or(|it| attached.contains(&link(it.0)));
                assert!(known, "after its end: {flow:?}");
            }
            Performative::Transfer(transfer) => {
                assert!(attached.contains(&link(transfer.handle.0)), "{transfer:?}");
            }
            Performative::End(_) | Performative::Close(_) => panic!("{:?}", it.frame.said),
            Performative::Open(_) | Performative::Begin(_) | Performative::Disposition(_) => {}
        }
    }
}

/// How many connections there were.
pub(crate) fn connections(peer: &Stranger) -> usize {
    peer.heard().last().map_or(0, |it| it.connection + 1)
}

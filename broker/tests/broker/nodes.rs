//! Which nodes there are, and those that the broker names.

use busway_broker::Broker;
use fe2o3_amqp::link::{
    DetachError, LinkStateError, ReceiverAttachError, RecvError, SendError, SenderAttachError,
};
use fe2o3_amqp::types::messaging::{AmqpValue, Body, Message, Properties, Source, Target};
use fe2o3_amqp::types::primitives::Value;
use fe2o3_amqp::{Receiver, Sender};

use crate::peer::{Peer, anywhere, broker, condition, rejection, send, send_message, take, within};

/// Why the broker closed a sender.
async fn closed(mut sender: Sender) -> String {
    match within(sender.on_detach()).await {
        DetachError::RemoteClosedWithError(error) => condition(&error),
        other => panic!("{other:?}"),
    }
}

/// Why the broker refused a sender, in its answer or right after it.
pub(crate) async fn refused_sender(attached: Result<Sender, SenderAttachError>) -> String {
    match attached {
        Ok(sender) => closed(sender).await,
        Err(SenderAttachError::RemoteClosedWithError(error)) => condition(&error),
        Err(other) => panic!("{other:?}"),
    }
}

async fn refused_receiver(attached: Result<Receiver, ReceiverAttachError>) -> String {
    match attached {
        Ok(mut receiver) => match within(receiver.recv::<Body<Value>>()).await {
            Err(RecvError::LinkStateError(LinkStateError::RemoteClosedWithError(error))) => {
                condition(&error)
            }
            other => panic!("{other:?}"),
        },
        Err(ReceiverAttachError::RemoteClosedWithError(error)) => condition(&error),
        Err(other) => panic!("{other:?}"),
    }
}

fn message(to: Option<&str>) -> Message<Body<Value>> {
    let mut properties = Properties::builder();
    if let Some(to) = to {
        properties = properties.to(to.to_owned());
    }
    Message::builder()
        .properties(properties.build())
        .body(Body::Value(AmqpValue(Value::String("it".to_owned()))))
        .build()
}

#[tokio::test]
async fn a_name_without_a_pattern_is_not_found() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    for name in ["nothing", "unicasting", "dynamic/none"] {
        let attached = peer.try_sender(name).await;
        assert_eq!(refused_sender(attached).await, "amqp:not-found", "{name}");
        let attached = peer.try_receiver(Source::builder().address(name).build(), 1).await;
        assert_eq!(refused_receiver(attached).await, "amqp:not-found", "{name}");
    }
    // The session goes on.
    let mut sender = peer.sender("unicast.a").await;
    send(&mut sender, "one").await;
}

#[tokio::test]
async fn patterns_can_be_chosen() {
    let broker = Broker::builder().listen(anywhere()).queue_patterns(["work"]);
    let broker = broker.topic_patterns(["news"]).start().await.expect("a broker");
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender("work.a").await;
    send(&mut sender, "kept").await;
    let mut receiver = peer.receiver("work.a", 1).await;
    assert_eq!(take(&mut receiver).await, "kept");
    let mut topic = peer.sender("news/today").await;
    send(&mut topic, "not kept").await;
    let attached = peer.try_sender("unicast.a").await;
    assert_eq!(refused_sender(attached).await, "amqp:not-found");
}

#[tokio::test]
async fn the_broker_names_a_node_that_others_send_to() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let (mut one, address) = peer.dynamic(10).await;
    let (_other, another) = peer.dynamic(10).await;
    assert_ne!(address, another);
    let mut far = Peer::of(&broker).await;
    let mut sender = far.sender(&address).await;
    send(&mut sender, "reply").await;
    assert_eq!(take(&mut one).await, "reply");
}

#[tokio::test]
async fn a_node_of_the_brokers_naming_goes_with_its_link() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let (receiver, address) = peer.dynamic(10).await;
    let mut far = Peer::of(&broker).await;
    let sender = far.sender(&address).await;
    within(receiver.close()).await.expect("closed");
    assert_eq!(closed(sender).await, "amqp:resource-deleted");
    let attached = far.try_sender(&address).await;
    assert_eq!(refused_sender(attached).await, "amqp:not-found");
}

#[tokio::test]
async fn a_node_of_the_brokers_naming_goes_with_its_connection() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let (receiver, address) = peer.dynamic(10).await;
    let mut far = Peer::of(&broker).await;
    let sender = far.sender(&address).await;
    // Without a word for link and session.
    within(peer.connection.close()).await.expect("closed");
    drop(receiver);
    assert_eq!(closed(sender).await, "amqp:resource-deleted");
}

#[tokio::test]
async fn a_message_to_a_node_that_is_gone_is_not_accepted() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let (receiver, address) = peer.dynamic(10).await;
    let mut far = Peer::of(&broker).await;
    let mut sender = far.sender(&address).await;
    let sending = within(sender.send_batchable("in time".to_owned())).await.expect("sent");
    within(sending).await.expect("accepted");
    within(receiver.close()).await.expect("closed");
    match within(sender.send("late".to_owned())).await {
        Ok(outcome) => assert_eq!(rejection(&outcome), "amqp:resource-deleted"),
        Err(SendError::LinkStateError(LinkStateError::RemoteClosedWithError(error))) => {
            assert_eq!(condition(&error), "amqp:resource-deleted");
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_anonymous_terminus_sends_where_the_message_says() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let attaching =
        Sender::builder().name("anonymous").target(Target::default()).attach(&mut peer.session);
    let mut sender = within(attaching).await.expect("a sender");
    let mut queue = peer.receiver("unicast.a", 10).await;
    let (mut reply, address) = peer.dynamic(10).await;
    assert!(send_message(&mut sender, message(Some("unicast.a"))).await.is_accepted());
    assert!(send_message(&mut sender, message(Some(&address))).await.is_accepted());
    take(&mut queue).await;
    take(&mut reply).await;
    within(reply.close()).await.expect("closed");
    for (to, wanted) in [
        (Some(address.as_str()), "amqp:not-found"),
        (Some("nothing"), "amqp:not-found"),
        (None, "amqp:invalid-field"),
    ] {
        assert_eq!(rejection(&send_message(&mut sender, message(to)).await), wanted, "{to:?}");
    }
    assert!(send_message(&mut sender, message(Some("unicast.a"))).await.is_accepted());
}

#[tokio::test]
async fn there_are_as_many_nodes_as_are_allowed() {
    let broker = Broker::builder().listen(anywhere()).nodes(2).start().await.expect("a broker");
    let mut peer = Peer::of(&broker).await;
    let mut full = peer.sender("unicast.a").await;
    send(&mut full, "stays").await;
    let used = peer.sender("unicast.b").await;
    let attached = peer.try_sender("unicast.c").await;
    assert_eq!(refused_sender(attached).await, "amqp:resource-limit-exceeded");
    // One that nobody uses and nothing is in makes way; one with a message does not.
    within(used.close()).await.expect("closed");
    within(full.close()).await.expect("closed");
    peer.sender("unicast.c").await;
    let mut receiver = peer.receiver("unicast.a", 1).await;
    assert_eq!(take(&mut receiver).await, "stays");
}

//! How many connections, sessions and links there may be, and how large a message.

use busway_broker::{Broker, Builder};
use fe2o3_amqp::link::SendError;
use fe2o3_amqp::{Connection, Session};

use crate::nodes::refused_sender;
use crate::peer::{Peer, anywhere, send, take, within};

const QUEUE: &str = "unicast.a";

async fn bounded(bound: impl FnOnce(Builder) -> Builder) -> Broker {
    bound(Broker::builder().listen(anywhere())).start().await.expect("a broker")
}

#[tokio::test]
async fn a_session_has_as_many_links_as_are_allowed() {
    let broker = bounded(|it| it.links(2)).await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    let mut receiver = peer.receiver(QUEUE, 10).await;
    let one_more = peer.try_sender("unicast.b").await;
    assert_eq!(refused_sender(one_more).await, "amqp:resource-limit-exceeded");
    send(&mut sender, "the others go on").await;
    assert_eq!(take(&mut receiver).await, "the others go on");
}

#[tokio::test]
async fn a_connection_has_as_many_sessions_as_are_allowed() {
    let broker = bounded(|it| it.sessions(2)).await;
    let mut peer = Peer::of(&broker).await;
    let _second = within(Session::begin(&mut peer.connection)).await.expect("a session");
    assert!(within(Session::begin(&mut peer.connection)).await.is_err());
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "the others go on").await;
}

#[tokio::test]
async fn one_connection_too_many_waits_until_another_has_ended() {
    let broker = bounded(|it| it.connections(1)).await;
    let mut first = Peer::of(&broker).await;
    let url = broker.url();
    let waiting = tokio::spawn(async move { Connection::open("second", url.as_str()).await });
    let mut sender = first.sender(QUEUE).await;
    let mut receiver = first.receiver(QUEUE, 1000).await;
    // Many times as long as an opening takes.
    for turn in 0..200 {
        send(&mut sender, &turn.to_string()).await;
        take(&mut receiver).await;
    }
    assert!(!waiting.is_finished());
    within(first.connection.close()).await.expect("closed");
    within(waiting).await.expect("it ends").expect("a connection");
}

#[tokio::test]
async fn a_peer_is_told_how_large_a_message_may_be() {
    let broker = bounded(|it| it.message_size(1000)).await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, &"x".repeat(900)).await;
    // The peer's own client goes by what the broker told it when the link was attached.
    let refused = within(sender.send("x".repeat(1000))).await.expect_err("too large");
    assert!(matches!(refused, SendError::MessageSizeExceeded(_)), "{refused:?}");
    send(&mut sender, "others go on").await;
}

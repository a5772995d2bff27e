//! The end of a broker.

use std::io::ErrorKind;
use std::process::Command;
use std::time::Duration;

use busway_broker::{Broker, StartError};
use fe2o3_amqp::connection;
use fe2o3_amqp::types::definitions::Role;
use fe2o3_amqp::types::performatives::Performative;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::peer::{Peer, anywhere, broker, condition, send, within};
use crate::raw::{Raw, attach};

const QUEUE: &str = "unicast.openstack.topic";
/// How many brokers are started and stopped while children are.
const ROUNDS: usize = 100;

#[tokio::test]
async fn peers_are_told_that_the_broker_stops() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "lost").await;
    within(broker.stop()).await;
    match within(peer.connection.on_close()).await {
        Err(connection::Error::RemoteClosedWithError(error)) => {
            assert_eq!(condition(&error), "amqp:connection:forced");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_address_is_free_when_the_broker_has_stopped() {
    let broker = broker().await;
    let address = broker.address();
    let peer = Peer::of(&broker).await;
    within(broker.stop()).await;
    drop(peer);
    within(TcpListener::bind(address)).await.expect("free");
}

#[tokio::test]
async fn a_peer_that_does_not_answer_does_not_hold_up_the_end() {
    let builder = Broker::builder().listen(anywhere()).stop_timeout(Duration::from_millis(100));
    let broker = builder.start().await.expect("a broker");
    let mut raw = Raw::begun(&broker).await;
    raw.frame(&attach("mute", 0, Role::Receiver, QUEUE)).await;
    assert!(matches!(raw.next().await, Some(Performative::Attach(_))));
    within(broker.stop()).await;
}

/// While a child process is started it has what its parent has open, the broker's socket too.
#[tokio::test]
async fn nobody_is_taken_after_the_end_while_children_are_started() {
    let started = CancellationToken::new();
    let children = std::thread::spawn({
        let enough = started.clone();
        move || {
            while !enough.is_cancelled() {
                Command::new("true").status().expect("a child");
            }
        }
    });
    let _guard = started.clone().drop_guard();
    for _ in 0..ROUNDS {
        let broker = Broker::start(anywhere()).await.expect("a broker");
        let address = broker.address();
        within(broker.stop()).await;
        let refused = TcpStream::connect(address).await.expect_err("nobody is there");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        let again = Broker::start(address).await.expect("the address is free");
        within(again.stop()).await;
    }
    started.cancel();
    children.join().expect("only children");
}

#[tokio::test]
async fn a_broker_that_is_dropped_stops() {
    let broker = broker().await;
    let mut peer = Peer::of(&broker).await;
    drop(broker);
    within(peer.connection.on_close()).await.expect_err("closed with the reason");
}

#[tokio::test]
async fn two_brokers_cannot_have_one_address() {
    let broker = broker().await;
    match Broker::start(broker.address()).await {
        Err(StartError::Listen { address, .. }) => assert_eq!(address, broker.address()),
        other => panic!("{other:?}"),
    }
}

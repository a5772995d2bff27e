//! A peer of the broker.

use std::time::Duration;

use busway_broker::Broker;
use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::link::{CreditMode, ReceiverAttachError, SenderAttachError};
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::messaging::{Body, Message, Outcome, Source};
use fe2o3_amqp::types::primitives::Value;
use fe2o3_amqp::{Connection, Delivery, Receiver, Sendable, Sender, Session};
use tokio::net::TcpStream;

/// Nothing here takes as long on a machine that works.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a test waits for: it comes, or the test fails.
pub(crate) async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it should not take that long")
}

/// A broker on a port of its own.
pub(crate) async fn broker() -> Broker {
    Broker::start(anywhere()).await.expect("a broker")
}

pub(crate) fn anywhere() -> std::net::SocketAddr {
    "127.0.0.1:0".parse().expect("an address")
}

/// A connection with one session.
pub(crate) struct Peer {
    pub(crate) connection: ConnectionHandle<()>,
    pub(crate) session: SessionHandle<()>,
    links: usize,
}

impl Peer {
    pub(crate) async fn of(broker: &Broker) -> Self {
        let stream = within(TcpStream::connect(broker.address())).await.expect("a socket");
        // fe2o3-amqp's own sockets hold small frames back for 40 ms.
        stream.set_nodelay(true).expect("set");
        let opening = Connection::builder().container_id("peer").open_with_stream(stream);
        Self::over(Box::pin(within(opening)).await.expect("a connection")).await
    }

    pub(crate) async fn over(mut connection: ConnectionHandle<()>) -> Self {
        let session = within(Session::begin(&mut connection)).await.expect("a session");
        Self { connection, session, links: 0 }
    }

    fn name(&mut self) -> String {
        self.links += 1;
        format!("link-{}", self.links)
    }

    pub(crate) async fn sender(&mut self, address: &str) -> Sender {
        self.try_sender(address).await.expect("a sender")
    }

    pub(crate) async fn try_sender(&mut self, address: &str) -> Result<Sender, SenderAttachError> {
        let name = self.name();
        within(Sender::attach(&mut self.session, name, address)).await
    }

    /// A receiver that gives credit only where the test says so.
    pub(crate) async fn receiver(&mut self, address: &str, credit: u32) -> Receiver {
        self.try_receiver(Source::builder().address(address).build(), credit)
            .await
            .expect("a receiver")
    }

    pub(crate) async fn try_receiver(
        &mut self,
        source: Source,
        credit: u32,
    ) -> Result<Receiver, ReceiverAttachError> {
        let name = self.name();
        let attaching = Receiver::builder()
            .name(name)
            .source(source)
            .credit_mode(CreditMode::Manual)
            .attach(&mut self.session);
        let mut receiver = within(attaching).await?;
        if credit > 0 {
            within(receiver.set_credit(credit)).await.expect("credit");
        }
        Ok(receiver)
    }

    /// A receiver of a node that the broker names, and its name.
    pub(crate) async fn dynamic(&mut self, credit: u32) -> (Receiver, String) {
        let source = Source::builder().dynamic(true).build();
        let receiver = self.try_receiver(source, credit).await.expect("a dynamic node");
        let address = receiver.source().as_ref().and_then(|source| source.address.clone());
        (receiver, address.expect("its name"))
    }
}

/// Sends a text, and expects it to be accepted.
pub(crate) async fn send(sender: &mut Sender, text: &str) {
    let outcome = try_send(sender, text).await;
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
}

pub(crate) async fn try_send(sender: &mut Sender, text: &str) -> Outcome {
    within(sender.send(text.to_owned())).await.expect("an outcome")
}

/// Sends a text settled already.
pub(crate) async fn send_settled(sender: &mut Sender, text: &str) {
    let sendable = Sendable::builder().message(text.to_owned()).settled(true).build();
    within(sender.send(sendable)).await.expect("sent");
}

pub(crate) async fn send_message(sender: &mut Sender, message: Message<Body<Value>>) -> Outcome {
    within(sender.send(message)).await.expect("an outcome")
}

/// The next message of a receiver.
pub(crate) async fn next(receiver: &mut Receiver) -> Delivery<Body<Value>> {
    within(receiver.recv()).await.expect("a message")
}

/// The next message, accepted, as text.
pub(crate) async fn take(receiver: &mut Receiver) -> String {
    let delivery = next(receiver).await;
    within(receiver.accept(&delivery)).await.expect("accepted");
    text(&delivery)
}

pub(crate) fn text(delivery: &Delivery<Body<Value>>) -> String {
    match delivery.body() {
        Body::Value(value) => match &value.0 {
            Value::String(text) => text.clone(),
            other => panic!("no text: {other:?}"),
        },
        other => panic!("no value: {other:?}"),
    }
}

/// How often the deliveries of a message failed before, and whether nobody had it before.
pub(crate) fn history(delivery: &Delivery<Body<Value>>) -> (u32, bool) {
    let header = delivery.message().header.as_ref().expect("a header");
    (header.delivery_count, header.first_acquirer)
}

/// The condition of a rejection.
pub(crate) fn rejection(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Rejected(rejected) => condition(rejected.error.as_ref().expect("an error")),
        other => panic!("not rejected: {other:?}"),
    }
}

pub(crate) fn condition(error: &fe2o3_amqp::types::definitions::Error) -> String {
    use fe2o3_amqp::types::definitions::ErrorCondition;
    use fe2o3_amqp::types::primitives::Symbol;

    let symbol = match &error.condition {
        ErrorCondition::AmqpError(condition) => Symbol::from(condition),
        ErrorCondition::LinkError(condition) => Symbol::from(condition),
        ErrorCondition::SessionError(condition) => Symbol::from(condition),
        ErrorCondition::ConnectionError(condition) => Symbol::from(condition),
        ErrorCondition::Custom(symbol) => symbol.clone(),
    };
    symbol.0
}

/// That nothing is there for a receiver of an address: another message, sent later, is first.
pub(crate) async fn assert_empty(peer: &mut Peer, address: &str) {
    let mut sender = peer.sender(address).await;
    let mut receiver = peer.receiver(address, 1).await;
    send(&mut sender, "marker").await;
    assert_eq!(take(&mut receiver).await, "marker");
    within(receiver.close()).await.expect("closed");
    within(sender.close()).await.expect("closed");
}

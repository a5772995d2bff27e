//! A client of a broker, on the engine of the desk broker.

use busway_testkit::stage::soon;
use fe2o3_amqp::connection::{ConnectionHandle, OpenError};
use fe2o3_amqp::link::{CreditMode, ReceiverAttachError, RecvError, SendError};
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::messaging::{
    AmqpValue, Body, Header, Message, Outcome, Properties, Source, Target,
};
use fe2o3_amqp::types::primitives::Value;
use fe2o3_amqp::{Connection, Delivery, Receiver, Sender, Session};
use tokio::net::TcpStream;

use crate::bus::Bus;

pub(crate) type Got = Delivery<Body<Value>>;

/// A connection with one session.
pub(crate) struct Peer {
    pub(crate) connection: ConnectionHandle<()>,
    session: SessionHandle<()>,
    links: usize,
}

impl Peer {
    pub(crate) async fn of(bus: &Bus) -> Self {
        Self::login(bus, SaslProfile::Anonymous).await.expect("a connection")
    }

    pub(crate) async fn login(bus: &Bus, profile: SaslProfile) -> Result<Self, OpenError> {
        let stream = soon(TcpStream::connect(bus.address())).await.expect("a socket");
        stream.set_nodelay(true).expect("set");
        let builder = Connection::builder().container_id("peer").sasl_profile(profile);
        let mut connection = Box::pin(soon(builder.open_with_stream(stream))).await?;
        let session = soon(Session::begin(&mut connection)).await.expect("a session");
        Ok(Self { connection, session, links: 0 })
    }

    fn name(&mut self) -> String {
        self.links += 1;
        format!("link-{}", self.links)
    }

    pub(crate) async fn sender(&mut self, address: &str) -> Sender {
        let name = self.name();
        soon(Sender::attach(&mut self.session, name, address)).await.expect("a sender")
    }

    /// A sender whose messages say where they go.
    pub(crate) async fn anonymous(&mut self) -> Sender {
        let name = self.name();
        let attaching = Sender::builder().name(name).target(Target::default());
        soon(attaching.attach(&mut self.session)).await.expect("a sender")
    }

    pub(crate) async fn receiver(&mut self, address: &str, credit: u32) -> Receiver {
        self.receiver_of(Source::builder().address(address).build(), credit).await
    }

    /// A receiver of a node that the broker names, and its name.
    pub(crate) async fn dynamic(&mut self, credit: u32) -> (Receiver, String) {
        let source = Source::builder().dynamic(true).build();
        let receiver = self.receiver_of(source, credit).await;
        let address = receiver.source().as_ref().and_then(|source| source.address.clone());
        (receiver, address.expect("its name"))
    }

    /// A receiver without credit, or why there is none.
    pub(crate) async fn try_receiver(
        &mut self,
        address: &str,
    ) -> Result<Receiver, ReceiverAttachError> {
        self.attach(Source::builder().address(address).build()).await
    }

    async fn attach(&mut self, source: Source) -> Result<Receiver, ReceiverAttachError> {
        let builder = Receiver::builder().name(self.name()).source(source);
        soon(builder.credit_mode(CreditMode::Manual).attach(&mut self.session)).await
    }

    async fn receiver_of(&mut self, source: Source, credit: u32) -> Receiver {
        let mut receiver = self.attach(source).await.expect("a receiver");
        soon(receiver.set_credit(credit)).await.expect("credit");
        receiver
    }
}

/// A message that says where it goes.
pub(crate) fn message(to: Option<&str>, ttl: Option<u32>, text: &str) -> Message<Body<Value>> {
    let properties = Properties { to: to.map(str::to_owned), ..Properties::default() };
    Message::builder()
        .header(Header { ttl, ..Header::default() })
        .properties(properties)
        .body(Body::Value(AmqpValue(Value::String(text.to_owned()))))
        .build()
}

pub(crate) async fn try_send(
    sender: &mut Sender,
    message: Message<Body<Value>>,
) -> Result<Outcome, SendError> {
    soon(sender.send(message)).await
}

/// Sends a text, and expects it to be accepted.
pub(crate) async fn send(sender: &mut Sender, text: &str) {
    let outcome = try_send(sender, message(None, None, text)).await.expect("an outcome");
    assert!(outcome.is_accepted(), "{outcome:?}");
}

pub(crate) async fn next(receiver: &mut Receiver) -> Got {
    try_next(receiver).await.expect("a message")
}

pub(crate) async fn try_next(receiver: &mut Receiver) -> Result<Got, RecvError> {
    soon(receiver.recv()).await
}

/// The next message, accepted, as text.
pub(crate) async fn take(receiver: &mut Receiver) -> String {
    let got = next(receiver).await;
    soon(receiver.accept(&got)).await.expect("accepted");
    text(&got)
}

pub(crate) fn text(got: &Got) -> String {
    match got.body() {
        Body::Value(AmqpValue(Value::String(text))) => text.clone(),
        other => panic!("no text: {other:?}"),
    }
}

/// How often the deliveries of a message failed before, and whether nobody had it before.
pub(crate) fn history(got: &Got) -> (u32, bool) {
    let header = got.message().header.clone().unwrap_or_default();
    (header.delivery_count, header.first_acquirer)
}

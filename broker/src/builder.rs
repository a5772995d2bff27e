//! What a broker can be told before it starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::connection::sasl::{Sasl, User};
use crate::connection::{Shared, tls};
use crate::limits::Limits;
use crate::nodes::{Bounds, Nodes, Patterns};
use crate::{Broker, StartError};

/// The port of AMQP.
const PORT: u16 = 5672;
/// What the broker calls itself without a word.
const PRODUCT: &str = "busway-broker";

/// A broker to be configured and started.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use busway_broker::Broker;
///
/// let broker = Broker::builder()
///     .listen("127.0.0.1:0".parse()?)
///     .user("ann", "secret")
///     .queue_patterns(["work"])
///     .queue_messages(100)
///     .start()
///     .await?;
/// assert!(broker.url().starts_with("amqp://127.0.0.1:"));
/// broker.stop().await;
/// # Ok(())
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    address: SocketAddr,
    product: String,
    users: Vec<User>,
    anonymous: Option<bool>,
    tls: Option<(PathBuf, PathBuf)>,
    patterns: Patterns,
    limits: Limits,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            product: PRODUCT.to_owned(),
            users: Vec::new(),
            anonymous: None,
            tls: None,
            patterns: Patterns::default(),
            limits: Limits::default(),
        }
    }

    /// The address to listen on; port 0 takes one that is free. 127.0.0.1:5672 otherwise.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// The `product` that peers are told when a connection opens; `busway-broker` otherwise.
    ///
    /// oslo.messaging's driver goes by it: `qpid-cpp` makes it use its legacy addresses
    /// (`unicast.…`), any other its routable ones (`openstack.org/om/…`). The broker serves both.
    pub fn product(mut self, product: impl Into<String>) -> Self {
        self.product = product.into();
        self
    }

    /// A user who may log in by SASL PLAIN. May be said again for others.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        let password = password.into().into();
        self.users.push(User { name: name.into(), password });
        self
    }

    /// Users who may log in by SASL PLAIN, each a name and a password; in addition to those that
    /// were said before.
    pub fn users<N, P>(self, users: impl IntoIterator<Item = (N, P)>) -> Self
    where
        N: Into<String>,
        P: Into<String>,
    {
        users.into_iter().fold(self, |builder, (name, password)| builder.user(name, password))
    }

    /// Whether a peer may come in without a name, by SASL ANONYMOUS or without SASL. Otherwise it
    /// may if there are no users.
    pub fn anonymous(mut self, may: bool) -> Self {
        self.anonymous = Some(may);
        self
    }

    /// Serves TLS, and nothing else: the files of a chain of certificates and of the key of its
    /// first, both in PEM.
    pub fn tls(mut self, certificates: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls = Some((certificates.into(), key.into()));
        self
    }

    /// The beginnings of names that make a queue, instead of `exclusive`, `unicast`,
    /// `openstack.org/om/rpc/unicast`, `openstack.org/om/rpc/anycast` and
    /// `openstack.org/om/notify/anycast`.
    ///
    /// The pattern `unicast` stands for the name `unicast` and for those that begin with `unicast.`
    /// or `unicast/`; a pattern that ends with one of these stands for all that begin with it. The
    /// longest pattern that fits decides whether a name is a queue's or a topic's.
    pub fn queue_patterns<P: Into<String>>(
        mut self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Self {
        self.patterns.queues = patterns.into_iter().map(Into::into).collect();
        self
    }

    /// The beginnings of names that make a topic, instead of `broadcast`,
    /// `openstack.org/om/rpc/multicast` and `openstack.org/om/notify/multicast`; see
    /// [`queue_patterns`](Self::queue_patterns).
    pub fn topic_patterns<P: Into<String>>(
        mut self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Self {
        self.patterns.topics = patterns.into_iter().map(Into::into).collect();
        self
    }

    /// The most messages that a queue, or one subscription of a topic, holds, those that a consumer
    /// has and has not settled included; 10 000 otherwise.
    pub fn queue_messages(mut self, messages: usize) -> Self {
        self.limits.queue_messages = messages;
        self
    }

    /// The bytes from which on a queue, or one subscription of a topic, takes no more messages; 64
    /// MiB otherwise.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.limits.queue_bytes = bytes;
        self
    }

    /// The most bytes that a message may have; 16 MiB otherwise.
    pub fn message_size(mut self, bytes: u64) -> Self {
        self.limits.message_size = bytes;
        self
    }

    /// The most bytes of a frame from a peer; 64 KiB otherwise, and never less than the 512 of the
    /// specification.
    pub fn frame_size(mut self, bytes: u32) -> Self {
        self.limits.frame_size = bytes.max(512);
        self
    }

    /// How many messages a sender may send ahead, as far as there is room for them; 200 otherwise.
    pub fn credit(mut self, messages: u32) -> Self {
        self.limits.credit = messages.max(1);
        self
    }

    /// The most nodes at a time, dynamic ones included; 10 000 otherwise. A link to one more is
    /// closed with `amqp:resource-limit-exceeded`.
    pub fn nodes(mut self, nodes: usize) -> Self {
        self.limits.nodes = nodes;
        self
    }

    /// The most connections at a time; 1000 otherwise. One more waits until another has ended.
    pub fn connections(mut self, connections: usize) -> Self {
        self.limits.connections = connections.max(1);
        self
    }

    /// The most sessions of a connection; 64 otherwise.
    pub fn sessions(mut self, sessions: u16) -> Self {
        self.limits.sessions = sessions.max(1);
        self
    }

    /// The most links of a session; 1000 otherwise. One more is closed with
    /// `amqp:resource-limit-exceeded`; a peer that goes on regardless is cut off.
    pub fn links(mut self, links: usize) -> Self {
        self.limits.links = links;
        self
    }

    /// How long TLS, SASL and the opening of a connection may take, each; 10 seconds otherwise.
    pub fn handshake_timeout(mut self, time: Duration) -> Self {
        self.limits.handshake = time;
        self
    }

    /// How long a peer may be silent, or take no bytes, before its connection is ended; 60 seconds
    /// otherwise.
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.limits.idle = time;
        self
    }

    /// How long peers are waited for when the broker stops: first for the ends of their links, then
    /// for the end of their connection; 2 seconds otherwise.
    pub fn stop_timeout(mut self, time: Duration) -> Self {
        self.limits.stop = time;
        self
    }

    /// Starts the broker.
    ///
    /// # Errors
    ///
    /// [`StartError::Listen`] when the address cannot be listened on, [`StartError::TlsFile`] and
    /// [`StartError::Tls`] when a certificate or key cannot be used, [`StartError::Thread`] when
    /// the system has no thread for it.
    pub async fn start(self) -> Result<Broker, StartError> {
        let tls = match &self.tls {
            Some((certificates, key)) => Some(tls::acceptor(certificates, key)?),
            None => None,
        };
        let limits = self.limits;
        let bounds = Bounds { messages: limits.queue_messages, bytes: limits.queue_bytes };
        let anonymous = self.anonymous.unwrap_or(self.users.is_empty());
        let shared = Shared {
            nodes: Nodes::new(self.patterns, bounds, limits.nodes),
            limits,
            product: self.product,
            container: format!("{PRODUCT}-{}", Uuid::new_v4()),
            sasl: Sasl::new(self.users, anonymous),
            stop: CancellationToken::new(),
            withheld: watch::Sender::new(false),
        };
        Broker::run(self.address, tls, Arc::new(shared)).await
    }
}

//! The addresses of oslo.messaging's amqp driver, legacy and routable.

use std::sync::Arc;

use busway_core::Target;

use crate::options::AmqpOptions;

/// Where a message goes, before anybody knows how the peer writes addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Destination {
    /// One server of a topic.
    Server { exchange: Option<Arc<str>>, topic: Arc<str>, server: Arc<str> },
    /// Any server of a topic.
    Any { exchange: Option<Arc<str>>, topic: Arc<str> },
    /// All servers of a topic.
    All { exchange: Option<Arc<str>>, topic: Arc<str> },
    /// Those who listen to notifications of a topic; it carries the priority: `topic.info`.
    Notifications { exchange: Option<Arc<str>>, topic: Arc<str> },
    /// An address that a peer gave us: where a reply goes.
    Address(Arc<str>),
}

/// How the addresses of one connection are written.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {}

impl Addresses {
    /// The addresses for a peer of this product, or of one that does not say (`None`).
    pub(crate) fn new(
        options: &AmqpOptions,
        control_exchange: &str,
        virtual_host: Option<&str>,
        product: Option<&str>,
    ) -> Self {
        todo!()
    }

    /// The address of a destination.
    pub(crate) fn of(&self, destination: &Destination) -> Arc<str> {
        todo!()
    }
}

impl Destination {
    /// Where a request to this target goes.
    pub(crate) fn of_request(target: &Target) -> busway_core::Result<Self> {
        todo!()
    }
}

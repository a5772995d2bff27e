//! The addresses of oslo.messaging's amqp driver, legacy and routable.

use std::sync::Arc;

use busway_core::notify::Priority;
use busway_core::{Result, Target};

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
    pub(crate) fn of_request(target: &Target) -> Result<Self> {
        let exchange = exchange(target);
        let topic: Arc<str> = target.topic_for_send()?.into();
        Ok(match target.server() {
            _ if target.fanout() => Self::All { exchange, topic },
            Some(server) => Self::Server { exchange, topic, server: server.into() },
            None => Self::Any { exchange, topic },
        })
    }

    /// What a server subscribes to: itself, its topic, and fan-outs.
    pub(crate) fn of_server(target: &Target) -> Result<[Self; 3]> {
        let exchange = exchange(target);
        let (topic, server) = target.topic_and_server()?;
        let (topic, server): (Arc<str>, Arc<str>) = (topic.into(), server.into());
        Ok([
            Self::Server { exchange: exchange.clone(), topic: topic.clone(), server },
            Self::Any { exchange: exchange.clone(), topic: topic.clone() },
            Self::All { exchange, topic },
        ])
    }

    /// Where notifications of this target's topic and of this priority go and come from.
    pub(crate) fn of_notifications(target: &Target, priority: Priority) -> Result<Self> {
        let topic = target.topic_for_send()?;
        let topic = format!("{topic}.{priority}").into();
        Ok(Self::Notifications { exchange: exchange(target), topic })
    }
}

fn exchange(target: &Target) -> Option<Arc<str>> {
    target.exchange().map(Arc::from)
}

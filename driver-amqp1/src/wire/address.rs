//! The addresses of oslo.messaging's amqp driver, legacy and routable.

use std::sync::Arc;

use busway_core::notify::Priority;
use busway_core::{Result, Target};

use crate::options::{AddressingMode, AmqpOptions};

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
pub(crate) struct Addresses {
    prefixes: Prefixes,
    /// What separates the parts.
    separator: char,
    /// The virtual host, when it is a part of the addresses.
    virtual_host: Option<Arc<str>>,
    rpc_exchange: Arc<str>,
    notification_exchange: Arc<str>,
}

/// What the addresses of each kind begin with.
#[derive(Clone, Debug)]
struct Prefixes {
    one: String,
    any: String,
    all: String,
    notifications: String,
    /// What the addresses of all servers end with.
    all_suffix: Option<&'static str>,
}

/// The product whose addresses are legacy ones.
const QPIDD: &str = "qpid-cpp";

impl Addresses {
    /// The addresses for a peer of this product, or of one that does not say (`None`).
    pub(crate) fn new(
        options: &AmqpOptions,
        control_exchange: &str,
        virtual_host: Option<&str>,
        product: Option<&str>,
    ) -> Self {
        let legacy = match options.addressing_mode {
            AddressingMode::Legacy => true,
            AddressingMode::Routable => false,
            AddressingMode::Dynamic => product.is_none_or(|product| product == QPIDD),
        };
        let exchange = |configured: &Option<String>| -> Arc<str> {
            configured.as_deref().unwrap_or(control_exchange).into()
        };
        Self {
            prefixes: if legacy { Prefixes::legacy(options) } else { Prefixes::routable(options) },
            separator: if legacy { '.' } else { '/' },
            virtual_host: virtual_host.filter(|_| options.pseudo_vhost).map(Arc::from),
            rpc_exchange: exchange(&options.default_rpc_exchange),
            notification_exchange: exchange(&options.default_notification_exchange),
        }
    }

    /// The address of a destination.
    pub(crate) fn of(&self, destination: &Destination) -> Arc<str> {
        let prefixes = &self.prefixes;
        match destination {
            Destination::Address(address) => address.clone(),
            Destination::Server { exchange, topic, server } => {
                self.join(&prefixes.one, self.rpc(exchange), &[topic, server])
            }
            Destination::Any { exchange, topic } => {
                self.join(&prefixes.any, self.rpc(exchange), &[topic])
            }
            Destination::All { exchange, topic } => {
                let exchange = self.rpc(exchange);
                match prefixes.all_suffix {
                    Some(suffix) => self.join(&prefixes.all, exchange, &[topic, suffix]),
                    None => self.join(&prefixes.all, exchange, &[topic]),
                }
            }
            Destination::Notifications { exchange, topic } => {
                let exchange = exchange.as_ref().unwrap_or(&self.notification_exchange);
                self.join(&prefixes.notifications, exchange, &[topic])
            }
        }
    }

    fn rpc<'a>(&'a self, exchange: &'a Option<Arc<str>>) -> &'a str {
        exchange.as_ref().unwrap_or(&self.rpc_exchange)
    }

    fn join(&self, prefix: &str, exchange: &str, rest: &[&str]) -> Arc<str> {
        let parts = std::iter::once(prefix)
            .chain(self.virtual_host.as_deref())
            .chain(std::iter::once(exchange))
            .chain(rest.iter().copied());
        let mut address = String::new();
        for part in parts {
            if !address.is_empty() {
                address.push(self.separator);
            }
            address.push_str(part);
        }
        address.into()
    }
}

impl Prefixes {
    fn legacy(options: &AmqpOptions) -> Self {
        Self {
            one: options.server_request_prefix.clone(),
            any: options.group_request_prefix.clone(),
            all: options.broadcast_prefix.clone(),
            notifications: options.group_request_prefix.clone(),
            all_suffix: Some("all"),
        }
    }

    fn routable(options: &AmqpOptions) -> Self {
        let rpc = |kind: &str| format!("{}/{kind}", options.rpc_address_prefix);
        Self {
            one: rpc(&options.unicast_address),
            any: rpc(&options.anycast_address),
            all: rpc(&options.multicast_address),
            notifications: format!("{}/{}", options.notify_address_prefix, options.anycast_address),
            all_suffix: None,
        }
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

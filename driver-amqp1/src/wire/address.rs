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
        // As in oslo.messaging, legacy addresses know but the one exchange.
        let exchange = |configured: &Option<String>| -> Arc<str> {
            let configured = configured.as_deref().filter(|name| !legacy && !name.is_empty());
            configured.unwrap_or(control_exchange).into()
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
                self.join(&prefixes.one, self.rpc(exchange.as_ref()), &[topic, server])
            }
            Destination::Any { exchange, topic } => {
                self.join(&prefixes.any, self.rpc(exchange.as_ref()), &[topic])
            }
            Destination::All { exchange, topic } => {
                let exchange = self.rpc(exchange.as_ref());
                match prefixes.all_suffix {
                    Some(suffix) => self.join(&prefixes.all, exchange, &[topic, suffix]),
                    None => self.join(&prefixes.all, exchange, &[topic]),
                }
            }
            Destination::Notifications { exchange, topic } => {
                let exchange = named(exchange.as_ref()).unwrap_or(&self.notification_exchange);
                self.join(&prefixes.notifications, exchange, &[topic])
            }
        }
    }

    fn rpc<'a>(&'a self, exchange: Option<&'a Arc<str>>) -> &'a str {
        named(exchange).unwrap_or(&self.rpc_exchange)
    }

    /// The parts that are not empty, as oslo.messaging joins them.
    fn join(&self, prefix: &str, exchange: &str, rest: &[&str]) -> Arc<str> {
        let parts = std::iter::once(prefix)
            .chain(self.virtual_host.as_deref())
            .chain(std::iter::once(exchange))
            .chain(rest.iter().copied());
        let mut address = String::new();
        for part in parts.filter(|part| !part.is_empty()) {
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

fn named(name: Option<&Arc<str>>) -> Option<&str> {
    name.map(|name| &**name).filter(|name| !name.is_empty())
}

fn exchange(target: &Target) -> Option<Arc<str>> {
    target.exchange().map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(options: &AmqpOptions, product: Option<&str>) -> Addresses {
        Addresses::new(options, "openstack", Some("vh"), product)
    }

    fn all(addresses: &Addresses, target: &Target) -> Vec<String> {
        let one = target.clone().with_server("host");
        let mut found: Vec<_> = Destination::of_server(&one)
            .expect("a server")
            .iter()
            .map(|destination| addresses.of(destination).to_string())
            .collect();
        let notes = Destination::of_notifications(target, Priority::Warn).expect("a topic");
        found.push(addresses.of(&notes).to_string());
        found
    }

    #[test]
    fn legacy_addresses_are_those_of_qpidd() {
        let options = AmqpOptions { pseudo_vhost: false, ..AmqpOptions::default() };
        let expected = [
            "exclusive.openstack.topic.host",
            "unicast.openstack.topic",
            "broadcast.openstack.topic.all",
            "unicast.openstack.topic.warn",
        ];
        for product in [None, Some("qpid-cpp")] {
            assert_eq!(all(&addresses(&options, product), &Target::new("topic")), expected);
        }
    }

    #[test]
    fn routable_addresses_are_those_of_any_other_product() {
        let options = AmqpOptions { pseudo_vhost: false, ..AmqpOptions::default() };
        let expected = [
            "openstack.org/om/rpc/unicast/openstack/topic/host",
            "openstack.org/om/rpc/anycast/openstack/topic",
            "openstack.org/om/rpc/multicast/openstack/topic",
            "openstack.org/om/notify/anycast/openstack/topic.warn",
        ];
        let found = addresses(&options, Some("qpid-dispatch-router"));
        assert_eq!(all(&found, &Target::new("topic")), expected);
    }

    #[test]
    fn the_addressing_mode_decides_before_the_product() {
        let one = |addressing_mode, product| {
            let options = AmqpOptions { addressing_mode, ..AmqpOptions::default() };
            all(&addresses(&options, product), &Target::new("t")).swap_remove(1)
        };
        assert_eq!(one(AddressingMode::Legacy, Some("router")), "unicast.vh.openstack.t");
        let routable = one(AddressingMode::Routable, Some("qpid-cpp"));
        assert_eq!(routable, "openstack.org/om/rpc/anycast/vh/openstack/t");
    }

    #[test]
    fn the_virtual_host_stands_before_the_exchange_when_there_is_one() {
        let options = AmqpOptions::default();
        let target = Target::new("t").with_exchange("shop");
        assert_eq!(all(&addresses(&options, None), &target)[0], "exclusive.vh.shop.t.host");
        let none = Addresses::new(&options, "openstack", Some(""), None);
        assert_eq!(all(&none, &target)[0], "exclusive.shop.t.host");
        let none = Addresses::new(&options, "openstack", None, Some("router"));
        assert_eq!(all(&none, &target)[2], "openstack.org/om/rpc/multicast/shop/t");
    }

    #[test]
    fn an_exchange_without_a_name_is_the_default_one() {
        let options = AmqpOptions::default();
        let target = Target::new("t").with_exchange("");
        let addresses = Addresses::new(&options, "control", None, None);
        assert_eq!(all(&addresses, &target)[1], "unicast.control.t");
        let nameless = Addresses::new(&options, "", None, None);
        assert_eq!(all(&nameless, &target)[1], "unicast.t");
    }

    #[test]
    fn each_prefix_is_an_option() {
        let named = |name: &str| name.to_owned();
        let options = AmqpOptions {
            server_request_prefix: named("S"),
            group_request_prefix: named("G"),
            broadcast_prefix: named("B"),
            rpc_address_prefix: named("R"),
            notify_address_prefix: named("N"),
            unicast_address: named("u"),
            anycast_address: named("a"),
            multicast_address: named("m"),
            ..AmqpOptions::default()
        };
        let target = Target::new("t").with_exchange("x");
        let legacy = ["S.vh.x.t.host", "G.vh.x.t", "B.vh.x.t.all", "G.vh.x.t.warn"];
        assert_eq!(all(&addresses(&options, None), &target), legacy);
        let routable = ["R/u/vh/x/t/host", "R/a/vh/x/t", "R/m/vh/x/t", "N/a/vh/x/t.warn"];
        assert_eq!(all(&addresses(&options, Some("router")), &target), routable);
    }

    #[test]
    fn default_exchanges_are_those_of_routable_addresses_alone() {
        let options = AmqpOptions {
            default_rpc_exchange: Some("calls".to_owned()),
            default_notification_exchange: Some("notes".to_owned()),
            ..AmqpOptions::default()
        };
        let routable = all(&addresses(&options, Some("router")), &Target::new("t"));
        assert_eq!(routable[1], "openstack.org/om/rpc/anycast/vh/calls/t");
        assert_eq!(routable[3], "openstack.org/om/notify/anycast/vh/notes/t.warn");
        let legacy = all(&addresses(&options, None), &Target::new("t"));
        assert_eq!(legacy[1], "unicast.vh.openstack.t");
        assert_eq!(legacy[3], "unicast.vh.openstack.t.warn");
        let target = Target::new("t").with_exchange("own");
        let own = all(&addresses(&options, Some("router")), &target);
        assert_eq!(own[1], "openstack.org/om/rpc/anycast/vh/own/t");
    }

    #[test]
    fn a_fan_out_goes_to_all_and_a_named_server_to_it() {
        let target = Target::new("t").with_server("s");
        let of = |target: Target| Destination::of_request(&target).expect("a destination");
        assert!(matches!(of(target.clone()), Destination::Server { .. }));
        assert!(matches!(of(target.with_fanout(true)), Destination::All { .. }));
        assert!(matches!(of(Target::new("t")), Destination::Any { .. }));
        assert!(Destination::of_request(&Target::default()).is_err());
    }

    #[test]
    fn the_address_of_a_reply_stays_as_it_is() {
        let destination = Destination::Address("some/where.else".into());
        let found = addresses(&AmqpOptions::default(), None).of(&destination);
        assert_eq!(&*found, "some/where.else");
    }
}

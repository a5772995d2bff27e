use std::fmt;
use std::net::Ipv6Addr;

use crate::Secret;

/// One host of a transport URL.
///
/// Shown without its credentials, as a connection's peer: `host:port`.
///
/// ```
/// use busway_core::url::Host;
///
/// let host = Host::new("::1").with_port(5672).with_credentials("user", "hunter2");
/// assert_eq!(host.to_string(), "[::1]:5672");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// The name or address; an IPv6 address without its brackets. Empty where the URL has
    /// credentials or a port alone (`pika://user:pass@/`): the driver's default host is meant.
    pub hostname: String,
    /// The port, when the URL names one.
    pub port: Option<u16>,
    /// Who logs in there, when the URL says so.
    pub credentials: Option<Credentials>,
}

impl Host {
    /// A host of this name or address, without port and credentials.
    pub fn new(hostname: impl Into<String>) -> Self {
        Self { hostname: hostname.into(), ..Self::default() }
    }

    /// Sets the port.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Sets who logs in there.
    #[must_use]
    pub fn with_credentials(
        mut self,
        username: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Self {
        let password = Some(password.into());
        self.credentials = Some(Credentials { username: username.into(), password });
        self
    }

    /// Whether it says nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.hostname.is_empty() && self.port.is_none() && self.credentials.is_none()
    }
}

/// A user and, mostly, a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user; may hold an `@` and a realm.
    pub username: String,
    /// The password.
    pub password: Option<Secret>,
}

impl Credentials {
    /// Whether they say nothing at all, as before the `@` of `pika://@host/`.
    pub(super) fn is_empty(&self) -> bool {
        self.username.is_empty() && self.password.is_none()
    }
}

/// Whether this is an IPv6 address, with a zone or without.
pub(super) fn is_ipv6(hostname: &str) -> bool {
    let (address, zone) = match hostname.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (hostname, None),
    };
    address.parse::<Ipv6Addr>().is_ok() && zone.is_none_or(is_zone)
}

/// Whether this can be the zone of an IPv6 address, the name of an interface mostly.
fn is_zone(zone: &str) -> bool {
    !zone.is_empty() && zone.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::display::write_address(f, self)
    }
}

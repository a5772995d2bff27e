//! The transport URL: which driver, which hosts, whose credentials, which virtual host.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Secret};

/// A transport URL:
/// `scheme[+variant]://[user[:pass]@]host[:port][,[user[:pass]@]host[:port]…]/vhost?option=value`.
#[derive(Clone, PartialEq, Eq)]
pub struct TransportUrl {
    scheme: String,
    variant: Option<String>,
    hosts: Vec<Host>,
    vhost: Option<String>,
    query: Vec<(String, String)>,
}

/// One host of a transport URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// The name or address; an IPv6 address without its brackets.
    pub hostname: String,
    /// The port, when the URL names one.
    pub port: Option<u16>,
    /// Who logs in there, when the URL says so.
    pub credentials: Option<Credentials>,
}

/// A user and, mostly, a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user; may hold an `@` and a realm.
    pub username: String,
    /// The password.
    pub password: Option<Secret>,
}

impl TransportUrl {
    /// The scheme without its variant: `pika` of `pika+tls://`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// What stands after a `+` in the scheme: the driver's own.
    #[must_use]
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    /// The hosts, in the order of the URL; may be none.
    #[must_use]
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The virtual host; an empty one is none.
    #[must_use]
    pub fn vhost(&self) -> Option<&str> {
        self.vhost.as_deref()
    }

    /// The options of the query, decoded, in the order of the URL.
    #[must_use]
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }
}

impl FromStr for TransportUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (scheme, rest) = text.split_once("://").unwrap_or((text, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, vhost) = rest.split_once('/').unwrap_or((rest, ""));
        Ok(Self {
            scheme: scheme.to_owned(),
            variant: None,
            hosts: if host.is_empty() {
                Vec::new()
            } else {
                vec![Host { hostname: host.to_owned(), ..Host::default() }]
            },
            vhost: (!vhost.is_empty()).then(|| vhost.to_owned()),
            query: query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        })
    }
}

impl fmt::Display for TransportUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)
    }
}

impl fmt::Debug for TransportUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransportUrl({self})")
    }
}

//! The transport URL: which driver, which hosts, whose credentials, which virtual host.
//!
//! How it is read stands in `parse`, how it is written in `display`, what of it is never shown
//! in `secrecy`.

mod display;
mod host;
mod parse;
mod part;
mod problem;
#[cfg(test)]
mod properties;
mod secrecy;
#[cfg(test)]
mod tests;

use std::str::FromStr;

pub use host::{Credentials, Host};
pub(crate) use secrecy::looks_secret;

use crate::{Error, Result};

/// A transport URL:
/// `scheme[+variant]://[user[:pass]@]host[:port][,[user[:pass]@]host[:port]…]/vhost?option=value`.
///
/// The rules are those of oslo.messaging's `TransportURL`:
/// - The scheme is one of RFC 3986, in either case; what stands after a `+` is the driver's own.
///   A URL that names no host may end after the scheme: `fake://`, `fake:/`, `fake:`.
/// - Credentials end at the last `@` of their host, so that a user may be `user@realm`. Hosts
///   with and hosts without credentials in one URL are taken with a warning.
/// - An IPv6 address stands in brackets.
/// - The virtual host is what follows the first `/` after the hosts: `pika://host//` means the
///   virtual host `/`. An empty one is none.
/// - User, password, virtual host and query are percent-encoded. In the query, `+` is a space.
///
/// Stricter than there: a `%` without two hexadecimal digits, a `#` (which would silently cut
/// the URL) and an option that is given twice are errors.
///
/// It is shown with its passwords, and those options of its query that look secret, as `***`.
///
/// ```
/// use busway_core::TransportUrl;
///
/// let url: TransportUrl = "pika+tls://nova:hunter2@rabbit-1,nova:hunter2@rabbit-2:5671//\
///                          ?heartbeat_interval=3".parse()?;
/// assert_eq!((url.scheme(), url.variant()), ("pika", Some("tls")));
/// assert_eq!(url.hosts()[1].port, Some(5671));
/// assert_eq!(url.vhost(), Some("/"));
/// assert_eq!(url.option("heartbeat_interval"), Some("3"));
/// assert_eq!(
///     url.to_string(),
///     "pika+tls://nova:***@rabbit-1,nova:***@rabbit-2:5671//?heartbeat_interval=3"
/// );
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TransportUrl {
    scheme: String,
    variant: Option<String>,
    hosts: Vec<Host>,
    vhost: Option<String>,
    query: Vec<(String, String)>,
}

impl TransportUrl {
    /// A URL with this scheme, which may have a variant (`pika+tls`), and nothing else.
    ///
    /// ```
    /// use busway_core::TransportUrl;
    /// use busway_core::url::Host;
    ///
    /// let url = TransportUrl::new("pika")?
    ///     .with_host(Host::new("rabbit-1").with_credentials("nova", "p@ss/word"))
    ///     .with_vhost("/")
    ///     .with_option("heartbeat_interval", "3");
    /// assert_eq!(
    ///     url.to_secret_string().expose(),
    ///     "pika://nova:p%40ss%2Fword@rabbit-1//?heartbeat_interval=3"
    /// );
    /// # Ok::<(), busway_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`](crate::ErrorKind::InvalidUrl) when it is no scheme.
    pub fn new(scheme: &str) -> Result<Self> {
        parse::scheme_alone(scheme)
    }

    /// Adds a host. One that says nothing at all adds nothing.
    #[must_use]
    pub fn with_host(mut self, mut host: Host) -> Self {
        host.credentials = host.credentials.filter(|credentials| !credentials.is_empty());
        if !host.is_empty() {
            self.hosts.push(host);
        }
        self
    }

    /// Sets the virtual host; an empty one is none.
    #[must_use]
    pub fn with_vhost(mut self, vhost: impl Into<String>) -> Self {
        self.vhost = Some(vhost.into()).filter(|vhost| !vhost.is_empty());
        self
    }

    /// Sets an option of the query, in place of one of the same name. One without a name adds
    /// nothing.
    #[must_use]
    pub fn with_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self.query.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None if name.is_empty() => {}
            None => self.query.push((name, value)),
        }
        self
    }

    /// The scheme without its variant: `pika` of `pika+tls://`; in lower case.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// What stands after a `+` in the scheme: the driver's own; in lower case.
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

    /// The options of the query, decoded, in the order of the URL; each name once.
    #[must_use]
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// The value of an option of the query.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        let option = self.query.iter().find(|(known, _)| known == name);
        option.map(|(_, value)| value.as_str())
    }

    /// Reads a URL without the warning about mixed credentials, for those who read it again.
    pub(crate) fn parse_quietly(text: &str) -> Result<Self> {
        parse::parse(text)
    }

    /// Warns when some hosts have credentials and others none, as oslo.messaging does: mostly a
    /// comma too many, or credentials meant for all and written once.
    fn warn_of_mixed_credentials(&self) {
        let (with, without): (Vec<_>, Vec<_>) =
            self.hosts.iter().partition(|host| host.credentials.is_some());
        if !with.is_empty() && !without.is_empty() {
            let names = |hosts: Vec<&Host>| {
                hosts.into_iter().map(Host::to_string).collect::<Vec<_>>().join(", ")
            };
            tracing::warn!(
                with = names(with),
                without = names(without),
                "a transport URL has hosts with and hosts without credentials: each host needs \
                 its own"
            );
        }
    }
}

impl FromStr for TransportUrl {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::InvalidUrl`](crate::ErrorKind::InvalidUrl): the message and the fact `at`
    /// give the position of the character, counted from 1, and the message shows the place in
    /// the URL, without its secrets.
    fn from_str(text: &str) -> Result<Self> {
        let url = parse::parse(text)?;
        url.warn_of_mixed_credentials();
        Ok(url)
    }
}

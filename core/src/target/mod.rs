//! Where a message goes, and what a server answers to.

mod version;

use std::fmt;
use std::sync::Arc;

pub use version::Version;

use crate::{Error, ErrorKind, Result};

/// Where a message goes, or what a server listens to: oslo.messaging's `Target`.
///
/// | who | needs | may set |
/// |---|---|---|
/// | a client | topic | exchange, namespace, version, server, fan-out |
/// | a server | topic, server | exchange |
/// | an endpoint | | namespace, version, accepted namespaces |
/// | a notification listener | topic | exchange |
///
/// Cloning is cheap: names are shared.
///
/// ```
/// use busway_core::Target;
///
/// let target = Target::new("compute").with_server("host-1").with_version("1.4".parse()?);
/// assert_eq!(target.to_string(), "compute on host-1, version 1.4");
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Target {
    exchange: Option<Arc<str>>,
    topic: Option<Arc<str>>,
    namespace: Option<Arc<str>>,
    version: Option<Version>,
    server: Option<Arc<str>>,
    fanout: bool,
    accepted_namespaces: Vec<Option<Arc<str>>>,
}

impl Target {
    /// A target with this topic. `Target::default()` has none.
    pub fn new(topic: impl Into<Arc<str>>) -> Self {
        Self::default().with_topic(topic)
    }

    /// Sets the exchange: the scope of topics. Without one, the configuration's
    /// `control_exchange` is used.
    #[must_use]
    pub fn with_exchange(mut self, exchange: impl Into<Arc<str>>) -> Self {
        self.exchange = Some(exchange.into());
        self
    }

    /// Sets the topic: the interface, served by any number of servers in turn.
    #[must_use]
    pub fn with_topic(mut self, topic: impl Into<Arc<str>>) -> Self {
        self.topic = Some(topic.into());
        self
    }

    /// Sets the namespace of the method.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<Arc<str>>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Sets the version of the interface.
    #[must_use]
    pub fn with_version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }

    /// Sets the server: one of those that serve the topic.
    #[must_use]
    pub fn with_server(mut self, server: impl Into<Arc<str>>) -> Self {
        self.server = Some(server.into());
        self
    }

    /// Sets whether each server of the topic gets a copy.
    #[must_use]
    pub fn with_fanout(mut self, fanout: bool) -> Self {
        self.fanout = fanout;
        self
    }

    /// Adds a namespace that an endpoint answers to beside its own, under an older name
    /// (oslo.messaging's `legacy_namespaces`); `None` is the null namespace.
    #[must_use]
    pub fn with_accepted_namespace(mut self, namespace: Option<&str>) -> Self {
        self.accepted_namespaces.push(namespace.map(Arc::from));
        self
    }

    /// The exchange, if set.
    #[must_use]
    pub fn exchange(&self) -> Option<&str> {
        self.exchange.as_deref()
    }

    /// The topic, if set.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// The namespace, if set.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The namespace as a shared name, for a request to carry.
    #[must_use]
    pub fn shared_namespace(&self) -> Option<Arc<str>> {
        self.namespace.clone()
    }

    /// The version, if set.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// The server, if set.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// Whether each server of the topic gets a copy.
    #[must_use]
    pub fn fanout(&self) -> bool {
        self.fanout
    }

    /// Whether an endpoint with this target answers to that namespace: its own, or one of the
    /// accepted ones.
    #[must_use]
    pub fn accepts_namespace(&self, namespace: Option<&str>) -> bool {
        self.namespace() == namespace
            || self.accepted_namespaces.iter().any(|accepted| accepted.as_deref() == namespace)
    }

    /// The topic, which a send needs.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidTarget`] when there is none, or it is empty.
    pub fn topic_for_send(&self) -> Result<&str> {
        named(self.topic()).ok_or_else(|| self.lacks("a topic", "to send to"))
    }

    /// Checks that a call can be made: a topic, and no fan-out.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidTarget`] names what is missing or too much.
    pub fn check_for_call(&self) -> Result<()> {
        self.topic_for_send()?;
        if self.fanout {
            let message = "a call cannot fan out: it waits for one reply; use a cast";
            return Err(Error::new(ErrorKind::InvalidTarget, message).with("target", self));
        }
        Ok(())
    }

    /// The topic and the server, which an RPC server's target needs.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidTarget`] names what is missing.
    pub fn topic_and_server(&self) -> Result<(&str, &str)> {
        let topic = named(self.topic()).ok_or_else(|| self.lacks("a topic", "to serve"))?;
        let server = named(self.server()).ok_or_else(|| self.lacks("a server", "to serve"))?;
        Ok((topic, server))
    }

    fn lacks(&self, what: &str, purpose: &str) -> Error {
        let message = format!("the target needs {what} {purpose}");
        Error::new(ErrorKind::InvalidTarget, message).with("target", self)
    }
}

fn named(name: Option<&str>) -> Option<&str> {
    name.filter(|name| !name.is_empty())
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.topic().unwrap_or("(no topic)"))?;
        if let Some(server) = self.server() {
            write!(f, " on {server}")?;
        }
        if self.fanout {
            f.write_str(" on every server")?;
        }
        let version = self.version.map(|version| version.to_string());
        let parts = [
            ("exchange", self.exchange()),
            ("namespace", self.namespace()),
            ("version", version.as_deref()),
        ];
        for (name, value) in parts {
            if let Some(value) = value {
                write!(f, ", {name} {value}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_needs_a_topic_and_a_server() {
        for target in [Target::default(), Target::new("t"), Target::default().with_server("s")] {
            let error = target.topic_and_server().expect_err("incomplete");
            assert_eq!(error.kind(), ErrorKind::InvalidTarget);
        }
        let target = Target::new("t").with_server("s");
        assert_eq!(target.topic_and_server().expect("complete"), ("t", "s"));
    }

    #[test]
    fn a_send_needs_a_topic_that_is_not_empty() {
        for target in [Target::default(), Target::new("")] {
            let error = target.topic_for_send().expect_err("no topic");
            assert_eq!(error.kind(), ErrorKind::InvalidTarget);
        }
    }

    #[test]
    fn a_call_cannot_fan_out() {
        let error = Target::new("t").with_fanout(true).check_for_call().expect_err("fan-out");
        assert_eq!(error.kind(), ErrorKind::InvalidTarget);
        assert!(Target::new("t").check_for_call().is_ok());
    }

    #[test]
    fn an_endpoint_answers_to_its_own_and_the_accepted_namespaces() {
        let target = Target::default()
            .with_namespace("new")
            .with_accepted_namespace(Some("old"))
            .with_accepted_namespace(None);
        assert!(target.accepts_namespace(Some("new")));
        assert!(target.accepts_namespace(Some("old")));
        assert!(target.accepts_namespace(None));
        assert!(!target.accepts_namespace(Some("other")));
        assert!(!Target::default().with_namespace("new").accepts_namespace(None));
    }
}

//! The one error of Busway, its kinds, and what a remote side said.
//!
//! Callers branch on [`Error::kind`], never on text.

mod kind;
mod remote;

use std::fmt;

pub use kind::ErrorKind;
pub use remote::{RemoteError, RemoteKind};

/// What a function of Busway returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What went wrong: a kind to branch on, a sentence to read, what was attempted,
/// facts that help to find the cause, and the error underneath.
///
/// No secret ever stands in it: URLs are shown with their passwords masked.
///
/// ```
/// use busway_core::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Timeout, "no reply came in time")
///     .attempted("call")
///     .with("topic", "greetings");
/// assert_eq!(error.kind(), ErrorKind::Timeout);
/// assert!(error.is_retryable());
/// assert_eq!(error.to_string(), "call: no reply came in time (topic: greetings)");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    retryable: Option<bool>,
    message: String,
    attempted: Option<&'static str>,
    context: Vec<(&'static str, String)>,
    remote: Option<RemoteError>,
    source: Option<Source>,
}

impl Error {
    /// An error of this kind with a sentence that names what is wrong.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            retryable: None,
            message: message.into(),
            attempted: None,
            context: Vec::new(),
            remote: None,
            source: None,
        }))
    }

    /// The error for what a driver, a sink or a serializer does not do.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, what)
    }

    /// Names the operation that failed (`open`, `call`, `cast`, `notify`, `listen` …).
    /// The innermost name stays: a later call changes nothing.
    #[must_use]
    pub fn attempted(mut self, operation: &'static str) -> Self {
        self.0.attempted.get_or_insert(operation);
        self
    }

    /// Adds a fact: a topic, a host, an option. Never a secret.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Adds the error underneath.
    #[must_use]
    pub fn because(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Overrides whether trying again can help; the kind's own answer is the default.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = Some(retryable);
        self
    }

    /// What to branch on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same call may succeed later without a change by the caller.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable.unwrap_or(self.0.kind.is_retryable())
    }

    /// The sentence alone, without the operation and the facts.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The operation that failed, if it was named.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.attempted
    }

    /// The facts, in the order in which they were added.
    #[must_use]
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// The value of one fact.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let pair = self.0.context.iter().find(|(name, _)| *name == key);
        pair.map(|(_, value)| value.as_str())
    }

    /// What the remote side answered, when the kind is [`ErrorKind::Remote`].
    #[must_use]
    pub fn remote(&self) -> Option<&RemoteError> {
        self.0.remote.as_ref()
    }
}

impl From<RemoteError> for Error {
    fn from(remote: RemoteError) -> Self {
        let mut error = Self::new(ErrorKind::Remote, remote.to_string());
        error.0.remote = Some(remote);
        error
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.attempted {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.0.message)?;
        for (i, (key, value)) in self.0.context.iter().enumerate() {
            let before = if i == 0 { " (" } else { ", " };
            write!(f, "{before}{key}: {value}")?;
        }
        if !self.0.context.is_empty() {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Error");
        shown.field("kind", &self.0.kind);
        shown.field("retryable", &self.is_retryable());
        shown.field("message", &self.0.message);
        if let Some(operation) = self.0.attempted {
            shown.field("attempted", &operation);
        }
        if !self.0.context.is_empty() {
            shown.field("context", &self.0.context);
        }
        if let Some(remote) = &self.0.remote {
            shown.field("remote", remote);
        }
        if let Some(source) = &self.0.source {
            shown.field("source", source);
        }
        shown.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn the_innermost_operation_stays() {
        let error = Error::unsupported("no pools").attempted("listen").attempted("open");
        assert_eq!(error.operation(), Some("listen"));
    }

    #[test]
    fn the_source_is_reachable() {
        let error = Error::new(ErrorKind::Connection, "refused").because("port closed");
        let source = std::error::Error::source(&error).expect("a source");
        assert_eq!(source.to_string(), "port closed");
    }

    #[test]
    fn an_explicit_word_on_retrying_wins_over_the_kind() {
        let error = Error::new(ErrorKind::Timeout, "late").retryable(false);
        assert!(!error.is_retryable());
    }
}

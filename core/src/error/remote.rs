use std::fmt;

use serde::{Deserialize, Serialize};

/// The module that oslo.messaging names for its dispatcher's own failures.
const DISPATCHER_MODULE: &str = "oslo_messaging.rpc.dispatcher";
/// The module that Busway names for failures that oslo.messaging has no class for.
const BUSWAY_MODULE: &str = "busway.rpc";

/// A failure that the remote side answered with: what an exception is in oslo.messaging.
///
/// It carries what travels on the wire, so that a Python caller or server understands it.
///
/// ```
/// use busway_core::{RemoteError, RemoteKind};
///
/// let failure = RemoteError::new("ValueError", "builtins", "boom");
/// assert_eq!(failure.kind(), RemoteKind::Application);
/// assert_eq!(failure.to_string(), "ValueError: boom");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RemoteError {
    /// The name of the exception or error type.
    pub class: String,
    /// The module in which that type is defined.
    pub module: String,
    /// What it says.
    pub message: String,
    /// Where it came from, line by line; empty when the remote side keeps that to itself.
    pub traceback: Vec<String>,
}

/// What a [`RemoteError`] means, as far as its class tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemoteKind {
    /// No endpoint of that namespace and version has the method.
    NoSuchMethod,
    /// No endpoint serves that namespace and version.
    UnsupportedVersion,
    /// An argument was missing, unknown or of the wrong type; the message names it.
    InvalidArguments,
    /// The handler panicked; its server lives on.
    Panicked,
    /// The body of the request could not be understood by the server.
    BadRequest,
    /// The handler's own error.
    Application,
}

impl RemoteError {
    /// A failure of this class and module, without a traceback.
    pub fn new(
        class: impl Into<String>,
        module: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            class: class.into(),
            module: module.into(),
            message: message.into(),
            traceback: Vec::new(),
        }
    }

    /// Adds where it came from, line by line.
    #[must_use]
    pub fn with_traceback(mut self, traceback: Vec<String>) -> Self {
        self.traceback = traceback;
        self
    }

    /// The dispatcher's answer to a method that no endpoint has; class, module and text are
    /// those of oslo.messaging.
    #[must_use]
    pub fn no_such_method(method: &str) -> Self {
        let message = format!("Endpoint does not support RPC method {method}");
        Self::new("NoSuchMethod", DISPATCHER_MODULE, message)
    }

    /// The dispatcher's answer to a version or namespace that no endpoint serves; class,
    /// module and text are those of oslo.messaging.
    #[must_use]
    pub fn unsupported_version(version: &str, method: &str) -> Self {
        let message =
            format!("Endpoint does not support RPC version {version}. Attempted method: {method}");
        Self::new("UnsupportedVersion", DISPATCHER_MODULE, message)
    }

    /// The answer to arguments that do not fit the method.
    pub fn invalid_arguments(message: impl Into<String>) -> Self {
        Self::new("InvalidArguments", BUSWAY_MODULE, message)
    }

    /// The answer when a handler panicked.
    pub fn panicked(message: impl Into<String>) -> Self {
        Self::new("Panicked", BUSWAY_MODULE, message)
    }

    /// The answer to a request that was received but cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new("BadRequest", BUSWAY_MODULE, message)
    }

    /// What the failure means.
    #[must_use]
    pub fn kind(&self) -> RemoteKind {
        match (self.module.as_str(), self.class.as_str()) {
            (DISPATCHER_MODULE, "NoSuchMethod") => RemoteKind::NoSuchMethod,
            (DISPATCHER_MODULE, "UnsupportedVersion") => RemoteKind::UnsupportedVersion,
            (BUSWAY_MODULE, "InvalidArguments") => RemoteKind::InvalidArguments,
            (BUSWAY_MODULE, "Panicked") => RemoteKind::Panicked,
            (BUSWAY_MODULE, "BadRequest") => RemoteKind::BadRequest,
            _ => RemoteKind::Application,
        }
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class, self.message)
    }
}

impl std::error::Error for RemoteError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dispatchers_own_failures_know_their_kind() {
        let cases = [
            (RemoteError::no_such_method("m"), RemoteKind::NoSuchMethod),
            (RemoteError::unsupported_version("2.0", "m"), RemoteKind::UnsupportedVersion),
            (RemoteError::invalid_arguments("x"), RemoteKind::InvalidArguments),
            (RemoteError::panicked("x"), RemoteKind::Panicked),
            (RemoteError::bad_request("x"), RemoteKind::BadRequest),
        ];
        for (failure, kind) in cases {
            assert_eq!(failure.kind(), kind);
        }
    }

    #[test]
    fn a_class_of_the_same_name_elsewhere_is_the_applications() {
        let failure = RemoteError::new("NoSuchMethod", "my.module", "x");
        assert_eq!(failure.kind(), RemoteKind::Application);
    }
}

use std::fmt;

/// What to branch on when something failed.
///
/// ```
/// use busway_core::ErrorKind;
///
/// assert!(ErrorKind::Connection.is_retryable());
/// assert!(!ErrorKind::InvalidUrl.is_retryable());
/// assert_eq!(ErrorKind::InDoubt.to_string(), "in doubt");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The transport URL is malformed; the message points at the character.
    InvalidUrl,
    /// No driver is registered for the URL's scheme; the message lists those that are.
    UnknownScheme,
    /// A configuration file, variable or URL option is unknown or has a bad value.
    Configuration,
    /// The target lacks what the operation needs (oslo.messaging's `InvalidTarget`).
    InvalidTarget,
    /// An argument of the call itself is wrong (arguments that are no object, an empty event type …).
    InvalidArgument,
    /// The driver does not do this; see its capabilities.
    Unsupported,
    /// The target's version is above the client's cap (oslo.messaging's `RPCVersionCapError`).
    VersionCap,
    /// The deadline passed (oslo.messaging's `MessagingTimeout`).
    Timeout,
    /// The bus has nobody to give the message to (oslo.messaging's `MessageUndeliverable`).
    Undeliverable,
    /// The bus could not be reached.
    Connection,
    /// The bus refused who we are or what we asked for: login, virtual host, permission.
    Refused,
    /// The connection was lost after the message may have left: it ran, or it did not.
    InDoubt,
    /// The bus or a buffer of ours is full and stayed so until the deadline.
    Full,
    /// A body could not be turned into bytes, or bytes into a body.
    Serialization,
    /// A body is larger or nests deeper than the limits allow.
    LimitExceeded,
    /// The remote side answered with a failure; see [`Error::remote`](crate::Error::remote).
    Remote,
    /// The transport, server or listener has been closed.
    Closed,
    /// A notification did not reach one of its sinks.
    Sink,
    /// A handler of ours panicked, or an invariant broke: a defect.
    Internal,
}

impl ErrorKind {
    /// Whether trying the same again later may succeed without a change by the caller.
    ///
    /// [`InDoubt`](Self::InDoubt) is not: what was sent may have run.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Timeout | Self::Undeliverable | Self::Connection | Self::Full)
    }

    /// The kind as a word for logs and metrics labels, in snake case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidUrl => "invalid_url",
            Self::UnknownScheme => "unknown_scheme",
            Self::Configuration => "configuration",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidArgument => "invalid_argument",
            Self::Unsupported => "unsupported",
            Self::VersionCap => "version_cap",
            Self::Timeout => "timeout",
            Self::Undeliverable => "undeliverable",
            Self::Connection => "connection",
            Self::Refused => "refused",
            Self::InDoubt => "in_doubt",
            Self::Full => "full",
            Self::Serialization => "serialization",
            Self::LimitExceeded => "limit_exceeded",
            Self::Remote => "remote",
            Self::Closed => "closed",
            Self::Sink => "sink",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('_', " "))
    }
}

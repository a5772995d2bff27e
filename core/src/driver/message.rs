use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::notify::Priority;
use crate::{Context, Error, ErrorKind, Payload, Result, Target, Version};

/// An RPC request: a method with its arguments by name.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Arc<str>,
    /// The arguments: a JSON object.
    pub args: Payload,
    /// The version of the interface that the caller asks for; 1.0 when it says nothing.
    pub version: Option<Version>,
    /// The namespace of the method.
    pub namespace: Option<Arc<str>>,
    /// What travels beside it.
    pub context: Context,
}

/// How often a failed send is tried again, within its deadline.
///
/// ```
/// use busway_core::driver::Retry;
///
/// assert_eq!(Retry::from_config(-1)?, Retry::Forever);
/// assert_eq!(Retry::from_config(3)?, Retry::Times(3));
/// assert!(Retry::NEVER.is_never());
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Until the deadline: oslo.messaging's `None` and `-1`.
    Forever,
    /// So many times after the first attempt.
    Times(u32),
}

impl Retry {
    /// No second attempt: what makes a call or cast run at most once.
    pub const NEVER: Self = Self::Times(0);

    /// Whether there is no second attempt.
    #[must_use]
    pub fn is_never(self) -> bool {
        self == Self::NEVER
    }

    /// The number as configuration files and oslo.messaging write it: -1 for ever, 0 never, N.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] below -1 or above 2^32 - 1.
    pub fn from_config(number: i64) -> Result<Self> {
        match number {
            -1 => Ok(Self::Forever),
            number => u32::try_from(number).map(Self::Times).map_err(|_| {
                let message =
                    format!("a retry of {number}: expected -1 (for ever), 0 (never) or a count");
                Error::new(ErrorKind::InvalidArgument, message)
            }),
        }
    }

    /// Whether another attempt may follow after so many.
    #[must_use]
    pub fn allows(self, attempts: u32) -> bool {
        match self {
            Self::Forever => true,
            Self::Times(retries) => attempts <= retries,
        }
    }
}

/// How a cast is sent.
#[derive(Clone, Copy, Debug)]
pub struct SendOptions {
    /// When to give up sending.
    pub deadline: Instant,
    /// When the message expires: it carries the time that remains, and is not run after it.
    /// `None`, as with every cast of oslo.messaging: never.
    pub expiry: Option<Instant>,
    /// How often to try again; `None` is the driver's configured default (for ever, mostly).
    pub retry: Option<Retry>,
}

/// How long sends may take when the caller does not say, where a driver has options for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Casts; `None` is `rpc_response_timeout`, which calls have always.
    pub cast: Option<Duration>,
    /// Notifications; `None` is 30 seconds.
    pub notify: Option<Duration>,
}

/// How a call is sent and waited for.
#[derive(Clone, Copy, Debug)]
pub struct CallOptions {
    /// When to give up waiting; the message carries the time that remains.
    pub deadline: Instant,
    /// How often to try again; `None` is the driver's configured default (for ever, mostly).
    pub retry: Option<Retry>,
    /// How long to wait for a heartbeat of the handler before giving up.
    pub call_monitor_timeout: Option<Duration>,
}

/// How a notification is wrapped, where a driver's wire format knows a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Envelope {
    /// Bare: oslo.messaging's driver `messaging`.
    V1,
    /// In an envelope of version 2.0: oslo.messaging's driver `messagingv2`.
    #[default]
    V2,
}

/// How a notification is sent.
#[derive(Clone, Copy, Debug)]
pub struct NotifyOptions {
    /// When to give up.
    pub deadline: Instant,
    /// How often to try again; `None` is the driver's configured default (for ever, mostly).
    pub retry: Option<Retry>,
    /// How it is wrapped.
    pub envelope: Envelope,
}

/// What a notification listener subscribes to.
#[derive(Clone, Debug)]
pub struct NotificationSubscription {
    /// Each topic (with its exchange) and priority.
    pub sources: Vec<(Target, Priority)>,
    /// The pool whose members share the messages; each pool gets its own copy.
    pub pool: Option<String>,
}

//! Where a notifier's notifications go: over the bus, to the log, to nobody, to a test.
//!
//! | name | sink |
//! |---|---|
//! | `messaging` | the bus, bare: oslo.messaging's message format 1.0 |
//! | `messagingv2` | the bus, in an envelope: message format 2.0 |
//! | `log` | an event of `tracing` |
//! | `noop` | nobody |
//! | `test` | a [`TestSink`], for tests to read |
//! | `routing` | other sinks, as the rules of a file say |
//!
//! Others implement [`Sink`], and are made known by
//! [`NotifierBuilder::register`](super::NotifierBuilder::register).
//!
//! # The sink `log`
//! The event has the target `oslo.messaging.notification`, the event type as a field, and the
//! notification as JSON for its message. Values whose names tell of a secret (`password`, `token`
//! …) are masked, as in oslo.messaging. The level is that of the priority: `audit` is logged at
//! info, `critical` at error, `sample` at debug; oslo.messaging does not log `audit` and `sample`.
//!
//! # The sink `routing`
//! The option `routing_config` (or
//! [`NotifierBuilder::routing_config`](super::NotifierBuilder::routing_config)) names a YAML file
//! of the form that oslo.messaging has: groups of sinks, and what each accepts. A notification
//! goes, once, to every sink that accepts it in some group.
//!
//! ```yaml
//! group_1:
//!   messagingv2:
//!     accepted_events:
//!       - compute.instance.*
//!     accepted_priorities:
//!       - info
//!       - error
//!   log:
//!     rejected_priorities:
//!       - debug
//! ```
//!
//! - Patterns are those of Python's `fnmatch`: `*`, `?`, `[abc]`, `[!abc]`. Events are matched with
//!   regard to case, priorities without.
//! - A sink without a list accepts all; an empty list of what is accepted accepts nothing. What is
//!   rejected is rejected, whatever is accepted.
//!
//! Differences from oslo.messaging: `rejected_events` and `rejected_priorities` are known, too. The
//! file is read again when it changes, at most once per second; a bad new one changes nothing and
//! is logged. A file that is missing or bad when the notifier is made, with an unknown rule or an
//! unknown sink, is an error; there such rules do nothing.

mod failures;
mod known;
mod log;
mod mask;
mod messaging;
mod noop;
mod test;

use std::fmt;

use async_trait::async_trait;
use tokio::time::Instant;

pub use failures::SinkFailures;
pub use test::TestSink;

pub(super) use failures::{Attempts, timed_out};
pub(super) use known::Known;
pub(super) use log::LogSink;
pub(super) use messaging::MessagingSink;
pub(super) use noop::NoopSink;

use super::Notification;
use crate::Result;
use crate::driver::Retry;

/// One place where notifications go: what oslo.messaging calls a notification driver.
///
/// # Behavior
/// `Ok` means that the notification has arrived there for good. A sink that is still at it at the
/// deadline is dropped.
///
/// ```
/// use busway_core::notify::{Notification, Sink, SinkOptions};
/// use busway_core::{Result, async_trait};
///
/// #[derive(Debug)]
/// struct Printed;
///
/// #[async_trait]
/// impl Sink for Printed {
///     async fn send(&self, notification: &Notification, _: &SinkOptions) -> Result<()> {
///         println!("{}: {}", notification.priority, notification.event_type);
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Sink: fmt::Debug + Send + Sync + 'static {
    /// Takes one notification.
    ///
    /// # Errors
    /// When it did not arrive; the caller of the notifier sees it.
    async fn send(&self, notification: &Notification, options: &SinkOptions) -> Result<()>;

    /// Whether it gives up at the deadline by itself; otherwise it is dropped then.
    fn keeps_deadline(&self) -> bool {
        false
    }
}

/// How a notification is to be sent.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SinkOptions {
    /// When to give up.
    pub deadline: Instant,
    /// How often a failed send is tried again, within the deadline; without one, as the sink is
    /// configured.
    pub retry: Option<Retry>,
}

impl SinkOptions {
    /// Options with this deadline and these retries.
    #[must_use]
    pub fn new(deadline: Instant, retry: impl Into<Option<Retry>>) -> Self {
        Self { deadline, retry: retry.into() }
    }
}

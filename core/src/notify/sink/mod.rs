//! Where a notifier's notifications go: over the bus, to the log, to nobody, to a test.
//!
//! | name | sink |
//! |---|---|
//! | `messaging` | the bus, bare: oslo.messaging's message format 1.0 |
//! | `messagingv2` | the bus, in an envelope: message format 2.0 |
//! | `log` | an event of `tracing`, at the level of the priority |
//! | `noop` | nobody |
//! | `test` | a [`TestSink`], for tests to read |
//! | `routing` | other sinks, as the rules of a file say |

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
}

/// How a notification is to be sent.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SinkOptions {
    /// When to give up.
    pub deadline: Instant,
    /// How often a failed send is tried again, within the deadline.
    pub retry: Retry,
}

impl SinkOptions {
    /// Options with this deadline and these retries.
    #[must_use]
    pub fn new(deadline: Instant, retry: Retry) -> Self {
        Self { deadline, retry }
    }
}

//! Listeners: they take notifications from the bus, hand them to endpoints, and settle them.

mod builder;
mod dispatcher;
mod endpoint;
mod filter;
mod function;
mod incoming;

use std::time::Duration;

pub use builder::NotificationListenerBuilder;
pub use endpoint::{BatchEndpoint, Handled, NotificationEndpoint};
pub use filter::NotificationFilter;
pub use function::{FnEndpoint, endpoint_fn};
pub use incoming::IncomingNotification;

use crate::serving::{STOP_TIMEOUT, Serving};
use crate::{Result, Transport};

/// A running listener: oslo.messaging's `get_notification_listener`, started. Dropping it stops it
/// at once, and what its endpoints had not finished goes back to the bus;
/// [`stop`](Self::stop) lets them finish.
///
/// # Behavior
/// - A notification is acknowledged after every endpoint whose priorities and filter it fits has
///   handled it, in the order in which the endpoints were added.
/// - An endpoint that returns [`Handled::Requeue`] gives it back, to be delivered again, here or
///   elsewhere; the endpoints after it do not see it this time. That needs
///   [`allow_requeue`](NotificationListenerBuilder::allow_requeue); without, it is logged as a
///   mistake and the notification counts as handled.
/// - An endpoint that fails or panics is logged. Then, as in oslo.messaging, the notification is
///   given back where that is allowed, and otherwise counts as handled: an endpoint that fails on
///   a notification for ever must not requeue for ever, so it should handle its own errors.
///   Unlike there, the other endpoints still see a notification that cannot be given back.
///
/// ```no_run
/// use busway_core::Transport;
/// use busway_core::notify::{Handled, NotificationListener, Priority, endpoint_fn};
///
/// # async fn example(transport: Transport) -> busway_core::Result<()> {
/// let mut listener = NotificationListener::builder(&transport)
///     .topic("notifications")
///     .endpoint(endpoint_fn(Priority::Info, |notification| async move {
///         println!("{} says {}", notification.publisher_id, notification.event_type);
///         Ok(Handled::Done)
///     }))
///     .start()
///     .await?;
/// listener.wait().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NotificationListener(Serving);

impl NotificationListener {
    /// What is to be said before a listener starts: its endpoints, at least.
    pub fn builder(transport: &Transport) -> NotificationListenerBuilder {
        NotificationListenerBuilder::new(transport.clone())
    }

    /// Waits until the listener has ended: because its transport was closed, or because its
    /// subscription was lost for good. Cancel safe.
    ///
    /// # Errors
    /// Why the subscription was lost.
    pub async fn wait(&mut self) -> Result<()> {
        self.0.wait().await
    }

    /// Stops as [`stop_within`](Self::stop_within) does, within 30 seconds.
    ///
    /// # Errors
    /// As there.
    pub async fn stop(self) -> Result<()> {
        self.stop_within(STOP_TIMEOUT).await
    }

    /// Stops gracefully: takes nothing more, gives back what was taken and not begun, lets the
    /// endpoints that run finish, and ends the subscription; within that time.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) when endpoints still ran then (they were cut off, and what they had
    /// goes back to the bus), or why the subscription was lost.
    pub async fn stop_within(self, timeout: Duration) -> Result<()> {
        self.0.stop_within(timeout).await
    }
}

use std::sync::Arc;

use async_trait::async_trait;

use super::{IncomingNotification, NotificationFilter};
use crate::notify::Priority;
use crate::rpc::Failure;

/// What an endpoint has done with a notification: oslo.messaging's `NotificationResult`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handled {
    /// It is done with.
    #[default]
    Done,
    /// It is to be delivered again, here or elsewhere.
    Requeue,
}

/// Handles notifications one by one. For a closure, see [`endpoint_fn`](super::endpoint_fn).
///
/// ```
/// use busway_core::async_trait;
/// use busway_core::notify::{Handled, IncomingNotification, NotificationEndpoint, Priority};
/// use busway_core::rpc::Failure;
///
/// struct Pager;
///
/// #[async_trait]
/// impl NotificationEndpoint for Pager {
///     fn priorities(&self) -> &[Priority] {
///         &[Priority::Error, Priority::Critical]
///     }
///
///     async fn handle(&self, notification: &IncomingNotification) -> Result<Handled, Failure> {
///         println!("{}: {}", notification.priority, notification.event_type);
///         Ok(Handled::Done)
///     }
/// }
/// ```
#[async_trait]
pub trait NotificationEndpoint: Send + Sync + 'static {
    /// The priorities it handles; all of them by default. The listener subscribes to no others.
    fn priorities(&self) -> &[Priority] {
        &Priority::ALL
    }

    /// Which notifications of those it handles; all of them without a filter.
    fn filter(&self) -> Option<&NotificationFilter> {
        None
    }

    /// Handles a notification.
    ///
    /// # Errors
    /// Any error, by `?`: it is logged; see
    /// [`NotificationListener`](super::NotificationListener) for what becomes of the
    /// notification.
    async fn handle(&self, notification: &IncomingNotification) -> Result<Handled, Failure>;
}

/// Handles notifications many at a time: what oslo.messaging's
/// `get_batch_notification_listener` is for. The listener's
/// [`batch`](super::NotificationListenerBuilder::batch) says how many.
///
/// Unlike there, a batch comes in the order of arrival, whatever the priorities, and what is
/// requeued is what the endpoint was given.
#[async_trait]
pub trait BatchEndpoint: Send + Sync + 'static {
    /// The priorities it handles; all of them by default. The listener subscribes to no others.
    fn priorities(&self) -> &[Priority] {
        &Priority::ALL
    }

    /// Which notifications of those it handles; all of them without a filter.
    fn filter(&self) -> Option<&NotificationFilter> {
        None
    }

    /// Handles notifications; at least one.
    ///
    /// # Errors
    /// As [`NotificationEndpoint::handle`], for all of them.
    async fn handle(&self, notifications: &[IncomingNotification]) -> Result<Handled, Failure>;
}

#[async_trait]
impl<E: NotificationEndpoint + ?Sized> NotificationEndpoint for Arc<E> {
    fn priorities(&self) -> &[Priority] {
        (**self).priorities()
    }

    fn filter(&self) -> Option<&NotificationFilter> {
        (**self).filter()
    }

    async fn handle(&self, notification: &IncomingNotification) -> Result<Handled, Failure> {
        (**self).handle(notification).await
    }
}

#[async_trait]
impl<E: BatchEndpoint + ?Sized> BatchEndpoint for Arc<E> {
    fn priorities(&self) -> &[Priority] {
        (**self).priorities()
    }

    fn filter(&self) -> Option<&NotificationFilter> {
        (**self).filter()
    }

    async fn handle(&self, notifications: &[IncomingNotification]) -> Result<Handled, Failure> {
        (**self).handle(notifications).await
    }
}

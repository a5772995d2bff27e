use std::ops::Deref;
use std::sync::Arc;

use crate::notify::Notification;

/// A notification as an endpoint gets it: its fields, and whether it came before. Cheap to clone.
///
/// ```
/// use busway_core::notify::{IncomingNotification, Notification, Priority};
/// use busway_core::Payload;
///
/// let sent = Notification::new("shop.host-1", "order.created", Priority::Info, Payload::of(&7)?);
/// let notification = IncomingNotification::new(sent);
/// assert_eq!(notification.event_type, "order.created");
/// assert_eq!(notification.payload.to::<u64>()?, 7);
/// assert!(!notification.redelivered());
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IncomingNotification {
    notification: Arc<Notification>,
    redelivered: bool,
}

impl IncomingNotification {
    /// A notification that comes for the first time: for the tests of an endpoint.
    #[must_use]
    pub fn new(notification: Notification) -> Self {
        Self { notification: Arc::new(notification), redelivered: false }
    }

    /// Marks it as delivered before.
    #[must_use]
    pub fn with_redelivered(mut self, redelivered: bool) -> Self {
        self.redelivered = redelivered;
        self
    }

    /// Whether it was delivered before, to this listener or to another.
    #[must_use]
    pub fn redelivered(&self) -> bool {
        self.redelivered
    }
}

impl Deref for IncomingNotification {
    type Target = Notification;

    fn deref(&self) -> &Notification {
        &self.notification
    }
}

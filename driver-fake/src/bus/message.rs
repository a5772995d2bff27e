use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::Request;
use busway_core::notify::Notification;
use tokio::time::Instant;

use crate::connection::Slot;

/// What a queue carries: requests or notifications.
pub(crate) trait Body: Clone + fmt::Debug + Send + Sync + 'static {}

impl Body for Request {}
impl Body for Notification {}

/// A message in a queue. Its body is shared by the copies of a fan-out, of pools, and of what the
/// bus keeps until it is acknowledged.
#[derive(Debug)]
pub(crate) struct Message<B> {
    pub(crate) body: Arc<B>,
    /// When it expires.
    pub(crate) deadline: Option<Instant>,
    /// Whether the bus keeps it until it is acknowledged.
    pub(crate) acknowledged: bool,
    /// How long its caller waits for a heartbeat.
    pub(crate) monitor: Option<Duration>,
    /// Where its reply goes.
    pub(crate) reply: Option<Arc<Slot>>,
    /// Whether it was handed over before.
    pub(crate) redelivered: bool,
    /// Its place in the queue: what is given back returns there.
    pub(crate) place: u64,
}

impl<B> Message<B> {
    /// A message that is kept until it is acknowledged, and never expires.
    pub(crate) fn new(body: B) -> Self {
        Self {
            body: Arc::new(body),
            deadline: None,
            acknowledged: true,
            monitor: None,
            reply: None,
            redelivered: false,
            place: 0,
        }
    }

    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}

impl<B> Clone for Message<B> {
    fn clone(&self) -> Self {
        Self { body: self.body.clone(), reply: self.reply.clone(), ..*self }
    }
}

//! A subscription whose messages are handed over in batches.

use std::fmt;
use std::time::Duration;

use busway_core::driver::Incoming;
use busway_core::{Error, Result};
use tokio::time::Instant;

use crate::link::{Message, Settle, Subscription};

/// Makes of a message what a listener hands over, or says why not.
pub(crate) type Read<B> = Box<dyn Fn(Message) -> Result<Incoming<B>, Box<Unread>> + Send + Sync>;

/// A message that is not handed over.
pub(crate) enum Unread {
    /// It cannot be understood, and nobody else will: it would come again and again.
    Foreign(Message, Error),
    /// It may have run before, and is not to run twice.
    Stale(Message),
}

/// What a listener hands over.
pub(crate) struct Batches<B> {
    subscription: Subscription,
    read: Read<B>,
    /// What was taken for a batch that is not full yet.
    gathered: Vec<Incoming<B>>,
    stopped: bool,
}

impl<B> Batches<B> {
    pub(crate) fn new(subscription: Subscription, read: Read<B>) -> Self {
        Self { subscription, read, gathered: Vec::new(), stopped: false }
    }

    /// The next batch: waits for the first message, then up to `wait` for more; empty once the
    /// subscription has ended. Cancel safe.
    pub(crate) async fn next(&mut self, max: usize, wait: Duration) -> Vec<Incoming<B>> {
        while self.gathered.is_empty() {
            if !self.take(max).await {
                return Vec::new();
            }
        }
        let until = Instant::now() + wait;
        while !wait.is_zero() && self.gathered.len() < max {
            let more = self.take(max - self.gathered.len());
            if !matches!(tokio::time::timeout_at(until, more).await, Ok(true)) {
                break;
            }
        }
        let left = self.gathered.split_off(self.gathered.len().min(max));
        std::mem::replace(&mut self.gathered, left)
    }

    /// Gathers what is there; `false` once there will be nothing more.
    async fn take(&mut self, max: usize) -> bool {
        if !self.subscription.ready().await {
            return false;
        }
        self.gathered.reserve(self.subscription.came_together().min(max));
        for _ in 0..max.max(1) {
            let Some(message) = self.subscription.try_next() else { break };
            // What comes after a stop goes back when it is dropped.
            if !self.stopped || !message.is_unsettled() {
                self.gather(message);
            }
        }
        true
    }

    fn gather(&mut self, message: Message) {
        let unread = match (self.read)(message) {
            Ok(incoming) => return self.gathered.push(incoming),
            Err(unread) => *unread,
        };
        match unread {
            Unread::Foreign(mut message, error) => {
                tracing::warn!(%error, "a message that cannot be understood is rejected");
                busway_core::metrics::dropped(crate::SYSTEM, "unreadable");
                message.settle(Settle::Reject);
            }
            Unread::Stale(mut message) => {
                tracing::debug!("a request that may have run is not run again");
                busway_core::metrics::dropped(crate::SYSTEM, "redelivered");
                message.settle(Settle::Accept);
            }
        }
    }

    /// Takes nothing more, and gives back what was not handed over and can go back.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
        self.subscription.stop();
        self.gathered.retain(|incoming| !incoming.delivery.needs_acknowledgement());
        while let Some(message) = self.subscription.try_next() {
            if !message.is_unsettled() {
                self.gather(message);
            }
        }
    }
}

impl<B> fmt::Debug for Batches<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("gathered", &self.gathered.len()).finish_non_exhaustive()
    }
}

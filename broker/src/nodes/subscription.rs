//! One consumer's share of a queue.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::queue::Queue;
use super::topic::Topic;
use super::{Outcome, Stored};

/// A message that a consumer has taken.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    /// What settles it.
    pub(crate) order: u64,
    pub(crate) stored: Arc<Stored>,
    /// How many deliveries failed.
    pub(crate) failed: u32,
    /// Whether nobody has had it before.
    pub(crate) first: bool,
}

/// One consumer of a queue. When it is dropped, the queue has back what the consumer did not
/// settle, in its order.
#[derive(Debug)]
pub(crate) struct Subscription {
    queue: Arc<Queue>,
    id: u64,
    /// A subscription of a topic has its queue to itself.
    topic: Option<Arc<Topic>>,
}

impl Subscription {
    pub(super) fn new(queue: Arc<Queue>, topic: Option<Arc<Topic>>, wake: Arc<Notify>) -> Self {
        let id = queue.subscribe(wake);
        Self { queue, id, topic }
    }

    /// Says how many messages the consumer has room for, those not taken yet included.
    pub(crate) fn offer(&self, capacity: usize) {
        self.queue.offer(self.id, capacity);
    }

    /// The next message for this consumer; one that will not be settled leaves the queue at once.
    pub(crate) fn take(&self, settled: bool) -> Option<Taken> {
        self.queue.take(self.id, settled)
    }

    /// Settles a message that was taken.
    pub(crate) fn settle(&self, order: u64, outcome: Outcome) {
        self.queue.settle(self.id, order, outcome);
    }

    /// Cancelled when the node is deleted.
    pub(crate) fn deleted(&self) -> &CancellationToken {
        &self.queue.deleted
    }

    pub(crate) fn name(&self) -> &str {
        self.queue.name()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.queue.unsubscribe(self.id);
        if let Some(topic) = &self.topic {
            topic.leave(&self.queue);
        }
    }
}

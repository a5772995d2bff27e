//! A topic: a copy of each message for every subscription that is there.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::queue::{Bounds, Queue};
use super::{Refusal, Stored, Subscription};

/// A topic. It keeps nothing itself: every subscription has a queue of its own.
#[derive(Debug)]
pub(crate) struct Topic {
    name: String,
    bounds: Bounds,
    queues: Mutex<Vec<Arc<Queue>>>,
    pub(super) room: Arc<Notify>,
}

impl Topic {
    pub(super) fn new(name: &str, bounds: Bounds) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            bounds,
            queues: Mutex::default(),
            room: Arc::new(Notify::new()),
        })
    }

    /// How many more messages the slowest subscription takes; without one, as many as there are.
    pub(super) fn free(&self) -> usize {
        self.queues.lock().iter().map(|queue| queue.free()).min().unwrap_or(usize::MAX)
    }

    /// Gives a copy to every subscription, or none if one of them is full.
    pub(super) fn put(&self, stored: &Arc<Stored>) -> Result<(), Refusal> {
        if self.free() == 0 {
            return Err(Refusal::full(&self.name));
        }
        let queues = self.queues.lock().clone();
        queues.iter().try_for_each(|queue| queue.put(Arc::clone(stored)))
    }

    pub(super) fn subscribe(self: &Arc<Self>, wake: Arc<Notify>) -> Subscription {
        let queue = Queue::new(&self.name, self.bounds, Arc::clone(&self.room));
        self.queues.lock().push(Arc::clone(&queue));
        Subscription::new(queue, Some(Arc::clone(self)), wake)
    }

    pub(super) fn leave(&self, queue: &Arc<Queue>) {
        self.queues.lock().retain(|other| !Arc::ptr_eq(other, queue));
        self.room.notify_waiters();
    }

    /// How many messages its subscriptions hold.
    pub(super) fn held(&self) -> usize {
        self.queues.lock().iter().map(|queue| queue.held()).sum()
    }

    /// Drops what has expired.
    pub(super) fn tidy(&self) {
        let queues = self.queues.lock().clone();
        for queue in queues {
            queue.tidy();
        }
    }
}

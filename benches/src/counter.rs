use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// A count of the orders that were noted, wherever; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    orders: AtomicU64,
    changed: Notify,
}

impl Counter {
    /// One more.
    pub fn add(&self) {
        self.0.orders.fetch_add(1, Ordering::Relaxed);
        self.0.changed.notify_waiters();
    }

    /// Waits until it has come to so many.
    pub async fn reach(&self, orders: u64) {
        loop {
            let changed = self.0.changed.notified();
            if self.0.orders.load(Ordering::Relaxed) >= orders {
                return;
            }
            changed.await;
        }
    }
}

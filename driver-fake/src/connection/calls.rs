use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use slab::Slab;
use tokio::time::Instant;

use super::slot::{News, Slot};

/// The calls of one transport that wait for their replies.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<Slab<Arc<Slot>>>);

impl Calls {
    /// Adds a call; it is there until the returned value is dropped.
    pub(crate) fn enter(&self, monitor: Option<Duration>) -> Waiting<'_> {
        let slot = Arc::new(Slot::new());
        if monitor.is_some() {
            slot.monitor();
        }
        let key = self.0.lock().insert(slot.clone());
        Waiting { calls: self, key, slot, monitor }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// The connection was lost: every call hears of it.
    pub(super) fn lose(&self) {
        for slot in self.all() {
            slot.lose();
        }
    }

    /// The transport is closed: every call fails.
    pub(super) fn close(&self) {
        for slot in self.all() {
            slot.close();
        }
    }

    fn all(&self) -> Vec<Arc<Slot>> {
        self.0.lock().iter().map(|(_, slot)| slot.clone()).collect()
    }
}

/// One call that waits.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    calls: &'a Calls,
    key: usize,
    slot: Arc<Slot>,
    monitor: Option<Duration>,
}

impl Waiting<'_> {
    pub(crate) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// Waits until something happens to the call, its deadline at the latest.
    pub(crate) async fn news(&self, deadline: Instant) -> News {
        self.slot.news(deadline, self.monitor).await
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.calls.0.lock().remove(self.key);
        self.slot.abandon();
    }
}

//! The messages of a queue that wait for a consumer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use super::Stored;

/// A message in the queue.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) stored: Arc<Stored>,
    pub(super) failed: u32,
    /// Whether nobody has had it before.
    pub(super) first: bool,
    /// The consumers that do not want it.
    pub(super) not_for: Vec<u64>,
}

/// Messages by the order in which they came, and by when they expire: a full queue asks for those
/// whenever another is to come, and would look at all it has.
#[derive(Debug, Default)]
pub(super) struct Ready {
    entries: BTreeMap<u64, Entry>,
    expiring: BTreeSet<(Instant, u64)>,
}

impl Ready {
    pub(super) fn insert(&mut self, order: u64, entry: Entry) {
        self.expiring.extend(entry.stored.expires().map(|at| (at, order)));
        self.entries.insert(order, entry);
    }

    pub(super) fn remove(&mut self, order: u64) -> Option<Entry> {
        let entry = self.entries.remove(&order)?;
        if let Some(at) = entry.stored.expires() {
            self.expiring.remove(&(at, order));
        }
        Some(entry)
    }

    /// The first one that came as such or later.
    pub(super) fn first_from(&self, order: u64) -> Option<(u64, &Entry)> {
        self.entries.range(order..).next().map(|(order, entry)| (*order, entry))
    }

    /// Takes one out that has expired by then.
    pub(super) fn take_expired(&mut self, now: Instant) -> Option<Entry> {
        let (_, order) = *self.expiring.first().filter(|(at, _)| *at <= now)?;
        self.remove(order)
    }

    /// A consumer has gone: nothing is kept from it any more.
    pub(super) fn forget_consumer(&mut self, id: u64) {
        for entry in self.entries.values_mut() {
            entry.not_for.retain(|not| *not != id);
        }
    }
}

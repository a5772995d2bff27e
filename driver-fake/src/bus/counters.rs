use std::sync::atomic::{AtomicU64, Ordering};

/// Counts one kind of thing.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn up(&self) {
        self.add(1);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a bus counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) sent: Count,
    pub(crate) delivered: Count,
    pub(crate) redelivered: Count,
    pub(crate) dropped: Count,
    pub(crate) duplicated: Count,
    pub(crate) expired: Count,
    pub(crate) abandoned: Count,
    pub(crate) undeliverable: Count,
    pub(crate) late_replies: Count,
}

/// What has happened on a bus since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Sends that reached the bus: calls, casts (a fan-out is one), notifications, and each time
    /// that one was sent again.
    pub sent: u64,
    /// Messages handed to listeners.
    pub delivered: u64,
    /// Those among them that had been handed over before.
    pub redelivered: u64,
    /// Sends lost by a fault.
    pub dropped: u64,
    /// Sends doubled by a fault.
    pub duplicated: u64,
    /// Requests that expired in a queue, and were not handed over.
    pub expired: u64,
    /// Messages that were lost with their queue: its listeners were gone for too long.
    pub abandoned: u64,
    /// Sends that nobody listened to.
    pub undeliverable: u64,
    /// Replies that nobody waited for any more.
    pub late_replies: u64,
}

impl Counts {
    pub(crate) fn read(&self) -> Counters {
        Counters {
            sent: self.sent.get(),
            delivered: self.delivered.get(),
            redelivered: self.redelivered.get(),
            dropped: self.dropped.get(),
            duplicated: self.duplicated.get(),
            expired: self.expired.get(),
            abandoned: self.abandoned.get(),
            undeliverable: self.undeliverable.get(),
            late_replies: self.late_replies.get(),
        }
    }
}

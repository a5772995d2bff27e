//! What is counted and timed while messages are on their way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use busway::{Error, ErrorKind};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::latencies::Latencies;

/// When nothing but errors comes, so many of them are enough.
const HOPELESS: u64 = 10;

/// Shared by the sending and the receiving side.
#[derive(Debug)]
pub(super) struct Meter {
    started: Instant,
    /// How many may still be begun; without a limit, the time is it.
    left: Option<AtomicU64>,
    stopped: AtomicBool,
    pub(super) sent: AtomicU64,
    pub(super) delivered: AtomicU64,
    failed: AtomicU64,
    pub(super) latency: Latencies,
    pub(super) delivery: Latencies,
    /// Told at each delivery, for whoever waits for the last one.
    pub(super) arrived: Notify,
    late: Mutex<Late>,
}

/// What changes rarely.
#[derive(Debug, Default)]
struct Late {
    errors: BTreeMap<&'static str, (u64, String)>,
    timeline: Vec<(Duration, u64)>,
    sending: Duration,
    last_delivery: Duration,
    lost: u64,
}

impl Meter {
    pub(super) fn new(count: Option<u64>) -> Self {
        Self {
            started: Instant::now(),
            left: count.map(AtomicU64::new),
            stopped: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            latency: Latencies::new(),
            delivery: Latencies::new(),
            arrived: Notify::new(),
            late: Mutex::default(),
        }
    }

    /// The time since the beginning.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether one more is to be sent; counts it as begun.
    pub(super) fn begin(&self, until: Duration) -> bool {
        if self.stopped.load(Relaxed) {
            return false;
        }
        match &self.left {
            None => self.elapsed() < until,
            Some(left) => left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok(),
        }
    }

    /// One more has been sent.
    pub(super) fn sent(&self, took: Duration) {
        self.latency.record(took);
        self.sent.fetch_add(1, Relaxed);
    }

    /// One more has failed.
    pub(super) fn failed(&self, error: &Error) {
        let kind = error.kind().as_str();
        {
            let mut late = self.late.lock();
            let (count, _) = late.errors.entry(kind).or_insert_with(|| (0, error.to_string()));
            *count += 1;
        }
        let failed = self.failed.fetch_add(1, Relaxed) + 1;
        let hopeless = failed >= HOPELESS && self.sent.load(Relaxed) == 0;
        if hopeless || error.kind() == ErrorKind::Closed {
            self.stop();
        }
    }

    /// One more has arrived, which was sent at that time after the beginning.
    pub(super) fn arrived(&self, sent: Duration) {
        self.delivery.record(self.elapsed().saturating_sub(sent));
        self.delivered.fetch_add(1, Relaxed);
        self.arrived.notify_one();
    }

    /// Nothing more is to be begun.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// All that was begun is done.
    pub(super) fn sent_all(&self) {
        self.late.lock().sending = self.elapsed();
    }

    /// So many did not arrive.
    pub(super) fn lost(&self, lost: u64) {
        self.late.lock().lost = lost;
    }

    /// A point of the curve over time.
    pub(super) fn sample(&self) -> (Duration, u64) {
        let point = (self.elapsed(), self.sent.load(Relaxed));
        self.late.lock().timeline.push(point);
        point
    }

    /// The end of it.
    pub(super) fn end(&self) {
        self.late.lock().last_delivery = self.elapsed();
        self.sample();
    }

    /// How long was sent, and how long it took until the last delivery.
    pub(super) fn times(&self) -> (Duration, Duration) {
        let late = self.late.lock();
        (late.sending, late.last_delivery)
    }

    /// How many did not arrive.
    pub(super) fn lost_count(&self) -> u64 {
        self.late.lock().lost
    }

    /// How many were sent until when.
    pub(super) fn timeline(&self) -> Vec<(Duration, u64)> {
        self.late.lock().timeline.clone()
    }

    /// The kinds of errors with how many and what the first one said.
    pub(super) fn errors(&self) -> BTreeMap<&'static str, (u64, String)> {
        self.late.lock().errors.clone()
    }
}

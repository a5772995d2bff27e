use std::ops::RangeInclusive;
use std::time::Duration;

use busway_core::ErrorKind;
use fastrand::Rng;

use super::plan::Planned;
use crate::bus::{Core, Lease};

/// The means to make a bus fail, for every transport that is on it; what a transport's own URL
/// asks for comes on top.
///
/// What is counted (`…_next`) strikes in the order of the sends: calls, casts (a fan-out is one)
/// and notifications, each attempt counted.
///
/// ```
/// use std::time::Duration;
///
/// use busway_core::ErrorKind;
/// use busway_driver_fake::Bus;
///
/// let faults = Bus::named("orders").faults();
/// faults.fail_next(2, ErrorKind::Connection);
/// faults.delay(Duration::from_millis(5)..=Duration::from_millis(20));
/// faults.clear();
/// ```
#[derive(Clone, Debug)]
pub struct Faults(Lease);

impl Faults {
    pub(crate) fn new(lease: Lease) -> Self {
        Self(lease)
    }

    fn core(&self) -> &Core {
        self.0.core()
    }

    fn plan(&self, change: impl FnOnce(&mut Planned)) {
        self.core().faults.change(change);
    }

    /// Sets the seed of what is random from here on; 0 otherwise.
    pub fn seed(&self, seed: u64) {
        self.plan(|faults| faults.random = Rng::with_seed(seed));
    }

    /// Every send takes so much longer, at random between the two; the sender waits. A send whose
    /// deadline comes first is a [`Timeout`](ErrorKind::Timeout), and is not sent.
    pub fn delay(&self, delay: RangeInclusive<Duration>) {
        self.plan(|faults| faults.delay = (*delay.start(), *delay.end()));
    }

    /// Every send is lost with this probability, as by [`drop_next`](Self::drop_next).
    pub fn drop(&self, probability: f64) {
        self.plan(|faults| faults.drop = probability);
    }

    /// The next sends are lost on the way: a call times out, a cast is never run, a notification
    /// is not confirmed, and therefore sent again or an error.
    pub fn drop_next(&self, count: u64) {
        self.plan(|faults| faults.drop_next = count);
    }

    /// Every send arrives twice with this probability, as by
    /// [`duplicate_next`](Self::duplicate_next).
    pub fn duplicate(&self, probability: f64) {
        self.plan(|faults| faults.duplicate = probability);
    }

    /// The next sends arrive twice, where there is room for the second; not those with `retry` 0,
    /// which run at most once on any bus.
    pub fn duplicate_next(&self, count: u64) {
        self.plan(|faults| faults.duplicate_next = count);
    }

    /// The next sends fail before they leave, with an error of this kind. One that is retryable
    /// is tried again as the sender's `retry` allows.
    pub fn fail_next(&self, count: u64, kind: ErrorKind) {
        self.plan(|faults| faults.fail_next = (count > 0).then_some((count, kind)));
    }

    /// Whether the bus refuses to be opened and to take sends: [`Refused`](ErrorKind::Refused),
    /// which nobody tries again.
    pub fn refuse(&self, refuse: bool) {
        self.plan(|faults| (faults.refuse_open, faults.refuse_send) = (refuse, refuse));
    }

    /// Every transport loses its connection, until [`reconnect`](Self::reconnect).
    pub fn disconnect(&self) {
        self.core().disconnect(None);
    }

    /// Every transport loses its connection for so long.
    pub fn disconnect_for(&self, how_long: Duration) {
        self.core().disconnect(Some(how_long));
    }

    /// Every transport gets its connection back.
    pub fn reconnect(&self) {
        self.core().reconnect();
    }

    /// The bus takes nothing until [`unblock`](Self::unblock): senders wait within their
    /// deadlines, and then fail as [`Full`](ErrorKind::Full).
    pub fn block(&self) {
        self.core().set_blocked(true);
    }

    /// The bus takes messages again.
    pub fn unblock(&self) {
        self.core().set_blocked(false);
    }

    /// Ends every fault: nothing fails from here on, the bus can be reached and is not blocked.
    pub fn clear(&self) {
        self.plan(|faults| *faults = Planned::default());
        self.unblock();
        self.reconnect();
    }
}

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use busway_core::ErrorKind;
use busway_core::config::Seconds;
use fastrand::Rng;
use parking_lot::Mutex;

use super::Verdict;
use crate::options::{FakeOptions, Refuse};

/// The faults that are to come: of one transport, or of every transport of a bus.
///
/// What is random comes from a generator with a seed, and is drawn send by send: the same sends
/// in the same order suffer the same faults.
#[derive(Debug)]
pub(crate) struct Plan {
    idle: AtomicBool,
    faults: Mutex<Planned>,
}

/// What is planned.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) random: Rng,
    /// The sends so far, each attempt counted.
    sends: u64,
    /// From the one to the other, at random.
    pub(super) delay: (Duration, Duration),
    /// How probable it is that a send is lost.
    pub(super) drop: f64,
    /// How probable it is that a send arrives twice.
    pub(super) duplicate: f64,
    pub(super) drop_next: u64,
    pub(super) duplicate_next: u64,
    pub(super) fail_next: Option<(u64, ErrorKind)>,
    /// The number of a send, from 1.
    fail_nth: Option<u64>,
    /// The number of a send, from 1, and how long the connection is lost after it.
    disconnect_after: Option<(u64, Duration)>,
    pub(super) refuse_open: bool,
    pub(super) refuse_send: bool,
}

impl Default for Planned {
    fn default() -> Self {
        Self {
            random: Rng::with_seed(0),
            sends: 0,
            delay: (Duration::ZERO, Duration::ZERO),
            drop: 0.0,
            duplicate: 0.0,
            drop_next: 0,
            duplicate_next: 0,
            fail_next: None,
            fail_nth: None,
            disconnect_after: None,
            refuse_open: false,
            refuse_send: false,
        }
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self { idle: AtomicBool::new(true), faults: Mutex::default() }
    }
}

impl Plan {
    pub(crate) fn from_options(options: &FakeOptions) -> Self {
        let plan = Self::default();
        let numbered = |number: u64| (number > 0).then_some(number);
        plan.change(|faults| {
            let delay = options.delay.duration();
            faults.random = Rng::with_seed(options.seed);
            faults.delay = (delay, options.delay_max.map_or(delay, Seconds::duration));
            faults.drop = options.drop;
            faults.duplicate = options.duplicate;
            faults.fail_nth = numbered(options.fail_nth);
            faults.disconnect_after = numbered(options.disconnect_after)
                .map(|after| (after, options.disconnect_for.duration()));
            faults.refuse_open = options.refuse == Some(Refuse::Open);
            faults.refuse_send = options.refuse == Some(Refuse::Send);
        });
        plan
    }

    /// Whether nothing is planned, for the fast path.
    pub(crate) fn is_idle(&self) -> bool {
        self.idle.load(Ordering::Acquire)
    }

    pub(crate) fn refuses_to_open(&self) -> bool {
        self.faults.lock().refuse_open
    }

    /// Changes what is planned.
    pub(super) fn change(&self, change: impl FnOnce(&mut Planned)) {
        let mut faults = self.faults.lock();
        change(&mut faults);
        self.idle.store(faults.is_idle(), Ordering::Release);
    }

    /// What happens to the next send.
    pub(crate) fn decide(&self) -> Verdict {
        if self.is_idle() {
            return Verdict::default();
        }
        let mut verdict = Verdict::default();
        self.change(|faults| verdict = faults.decide());
        verdict
    }
}

impl Planned {
    fn is_idle(&self) -> bool {
        self.delay.1.is_zero()
            && self.drop <= 0.0
            && self.duplicate <= 0.0
            && self.drop_next == 0
            && self.duplicate_next == 0
            && self.fail_next.is_none()
            && self.fail_nth.is_none()
            && self.disconnect_after.is_none()
            && !self.refuse_send
    }

    fn decide(&mut self) -> Verdict {
        self.sends += 1;
        // Everything random is drawn each time, so that one fault does not shift the others.
        let verdict = Verdict {
            fail: None,
            delay: self.draw_delay(),
            drop: draw(&mut self.random, self.drop),
            duplicate: draw(&mut self.random, self.duplicate),
            cut: None,
        };
        if self.refuse_send {
            return Verdict { fail: Some(ErrorKind::Refused), ..Verdict::default() };
        }
        if let Some((left, kind)) = self.fail_next {
            self.fail_next = (left > 1).then_some((left - 1, kind));
            return Verdict { fail: Some(kind), ..Verdict::default() };
        }
        if self.fail_nth.take_if(|number| *number <= self.sends).is_some() {
            return Verdict { fail: Some(ErrorKind::Connection), ..Verdict::default() };
        }
        let cut = self.disconnect_after.take_if(|(number, _)| *number <= self.sends);
        Verdict {
            drop: count_down(&mut self.drop_next) || verdict.drop,
            duplicate: count_down(&mut self.duplicate_next) || verdict.duplicate,
            cut: cut.map(|(_, how_long)| how_long),
            ..verdict
        }
    }

    fn draw_delay(&mut self) -> Duration {
        let (least, most) = self.delay;
        match most.checked_sub(least) {
            Some(span) if !span.is_zero() => least + span.mul_f64(self.random.f64()),
            _ => least,
        }
    }
}

fn draw(random: &mut Rng, probability: f64) -> bool {
    probability > 0.0 && random.f64() < probability
}

fn count_down(left: &mut u64) -> bool {
    let due = *left > 0;
    *left = left.saturating_sub(1);
    due
}

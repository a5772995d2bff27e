use std::sync::Arc;

use busway_core::driver::Retry;
use busway_core::{Error, ErrorKind, Result, Target};
use tokio::time::Instant;

use super::{Connection, Gate, closed};
use crate::bus::{Body, Message, Queue};
use crate::faults::Verdict;

/// What an error says about an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label<'a> {
    pub(crate) operation: &'static str,
    pub(crate) target: &'a Target,
    pub(crate) method: Option<&'a str>,
}

impl Label<'_> {
    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        self.complete(Error::new(kind, message))
    }

    /// Adds the operation and the facts to an error.
    pub(crate) fn complete(&self, error: Error) -> Error {
        let facts = [
            ("topic", self.target.topic()),
            ("server", self.target.server()),
            ("method", self.method),
        ];
        facts.into_iter().fold(error.attempted(self.operation), |error, (key, value)| match value {
            Some(value) => error.with(key, value),
            None => error,
        })
    }
}

/// What was tried so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attempts {
    /// How often.
    pub(crate) made: u32,
    /// Whether one of them may have reached the bus nevertheless.
    pub(crate) in_doubt: bool,
}

impl Attempts {
    /// The error in the end: that of the last attempt, unless it would say that nothing was sent.
    fn judge(self, error: Error, label: &Label<'_>) -> Error {
        match error.kind() {
            ErrorKind::InDoubt | ErrorKind::Timeout | ErrorKind::Closed => error,
            _ if !self.in_doubt => error,
            _ => {
                let message = "an attempt before the last one may have reached the bus";
                label.error(ErrorKind::InDoubt, message).because(error)
            }
        }
    }
}

/// Where a message goes.
pub(crate) enum Route<B> {
    /// To one queue.
    One(Arc<Queue<B>>),
    /// A copy to each: all of them, or, when there is no room, none.
    Each(Vec<Arc<Queue<B>>>),
}

/// A message on its way.
pub(crate) struct Parcel<'a, B> {
    pub(crate) label: Label<'a>,
    pub(crate) deadline: Instant,
    pub(crate) retry: Retry,
    pub(crate) message: Message<B>,
    /// Finds the way, anew for each attempt.
    pub(crate) route: &'a (dyn Fn() -> Option<Route<B>> + Sync),
    /// Whether the bus stores it, so that a loss is a missing confirmation.
    pub(crate) stored: bool,
}

/// Why an attempt failed.
pub(super) enum Failure {
    /// Another one would fail as well.
    Final(Error),
    /// It has not left.
    Unsent(Error),
    /// It may have left.
    InDoubt,
}

impl<B: Body> Parcel<'_, B> {
    pub(super) fn unsent(&self, kind: ErrorKind, message: &str) -> Failure {
        Failure::Unsent(self.label.error(kind, message))
    }

    pub(super) fn fail(&self, kind: ErrorKind, message: &str) -> Failure {
        Failure::Final(self.label.error(kind, message))
    }
}

pub(super) const NOBODY: &str = "nobody listens to the target";
pub(super) const UNREACHABLE: &str = "the bus cannot be reached";

impl Connection {
    /// Sends a message until the bus has it, as often and as long as is allowed.
    ///
    /// A call that may have been lost on the way hears of it in its slot.
    pub(crate) async fn send<B: Body>(
        self: &Arc<Self>,
        parcel: &Parcel<'_, B>,
        attempts: &mut Attempts,
    ) -> Result<()> {
        loop {
            attempts.made = attempts.made.saturating_add(1);
            // What waits is boxed: the future of a send that does not wait stays small.
            let attempt = match self.attempt_now(parcel) {
                Some(attempt) => attempt,
                None => Box::pin(self.attempt(parcel)).await,
            };
            let (error, again) = match attempt {
                Ok(()) => return Ok(()),
                Err(Failure::Final(error)) => (error, false),
                Err(Failure::Unsent(error)) => (error, true),
                Err(Failure::InDoubt) => {
                    attempts.in_doubt = true;
                    let message = "the connection was lost before the bus had confirmed";
                    (parcel.label.error(ErrorKind::InDoubt, message), true)
                }
            };
            let again = again && parcel.retry.allows(attempts.made);
            if !again || !Box::pin(self.pause(parcel.retry, parcel.deadline)).await {
                return Err(attempts.judge(error, &parcel.label));
            }
        }
    }

    /// An attempt that need not wait; `None`, with nothing done, when something is in its way.
    fn attempt_now<B: Body>(&self, parcel: &Parcel<'_, B>) -> Option<Result<(), Failure>> {
        let Gate::Open(epoch) = self.link.gate() else { return None };
        if !self.faults.is_idle() || !self.core.faults.is_idle() {
            return None;
        }
        let route = (parcel.route)()?;
        if let Some(slot) = &parcel.message.reply {
            slot.leaving();
        }
        parcel.place_now(&route)?;
        Some(self.has_left(parcel, epoch))
    }

    /// Waits before the next attempt: for the connection, when it is down. False when the
    /// deadline comes first.
    async fn pause(&self, retry: Retry, deadline: Instant) -> bool {
        let delay = tokio::time::sleep(*self.options.retry_delay);
        let reachable = self.link.until(|gate| gate != Gate::Down);
        let due = async {
            match (self.link.gate(), retry) {
                (Gate::Down, Retry::Forever) => reachable.await,
                (Gate::Down, Retry::Times(_)) => tokio::select! {
                    () = reachable => {}
                    () = delay => {}
                },
                _ => delay.await,
            }
        };
        let _ = tokio::time::timeout_at(deadline, due).await;
        Instant::now() < deadline
    }

    async fn attempt<B: Body>(self: &Arc<Self>, parcel: &Parcel<'_, B>) -> Result<(), Failure> {
        if parcel.deadline <= Instant::now() {
            let message = "the deadline passed before it could be sent";
            return Err(parcel.fail(ErrorKind::Timeout, message));
        }
        let verdict = self.faults.decide().and(self.core.faults.decide());
        self.suffer(parcel, &verdict).await?;
        let epoch = self.pass(parcel).await?;
        let Some(route) = (parcel.route)() else {
            self.core.counts.undeliverable.up();
            return Err(parcel.fail(ErrorKind::Undeliverable, NOBODY));
        };
        if let Some(slot) = &parcel.message.reply {
            slot.leaving();
        }
        if verdict.drop {
            if matches!(&route, Route::One(queue) if queue.is_deserted()) {
                self.core.counts.undeliverable.up();
                return Err(parcel.fail(ErrorKind::Undeliverable, NOBODY));
            }
            self.core.counts.dropped.up();
            if parcel.stored {
                let message = "the bus did not confirm the message";
                return Err(parcel.unsent(ErrorKind::Connection, message));
            }
        } else {
            self.place(parcel, &route, epoch).await?;
            // What is consumed without acknowledgement is never doubled: it would run twice.
            if verdict.duplicate && parcel.message.acknowledged {
                self.core.counts.duplicated.up();
                parcel.place_again(&route);
            }
        }
        if let Some(how_long) = verdict.cut {
            self.cut("a fault was due", Some(how_long));
        }
        self.has_left(parcel, epoch)
    }

    /// The message has left: for the bus, unless the connection was lost meanwhile. A call hears
    /// of that in its slot.
    fn has_left<B: Body>(&self, parcel: &Parcel<'_, B>, epoch: u64) -> Result<(), Failure> {
        self.core.counts.sent.up();
        if self.link.epoch() == epoch {
            return Ok(());
        }
        let slot = parcel.message.reply.as_ref().ok_or(Failure::InDoubt)?;
        slot.lose();
        Ok(())
    }

    /// What happens to a message before it reaches the bus.
    async fn suffer<B: Body>(
        &self,
        parcel: &Parcel<'_, B>,
        verdict: &Verdict,
    ) -> Result<(), Failure> {
        match verdict.fail {
            None => {}
            Some(kind) if kind.is_retryable() => {
                return Err(parcel.unsent(kind, "the send failed by a fault"));
            }
            Some(kind) => return Err(parcel.fail(kind, "the send failed by a fault")),
        }
        if !verdict.delay.is_zero() {
            let arrival = tokio::time::sleep(verdict.delay);
            if tokio::time::timeout_at(parcel.deadline, arrival).await.is_err() {
                let message = "the deadline passed while the message was delayed";
                return Err(parcel.fail(ErrorKind::Timeout, message));
            }
        }
        Ok(())
    }

    /// Waits until the bus takes messages, and tells the epoch of the connection.
    async fn pass<B: Body>(&self, parcel: &Parcel<'_, B>) -> Result<u64, Failure> {
        loop {
            match self.link.gate() {
                Gate::Open(epoch) => return Ok(epoch),
                Gate::Closed => return Err(Failure::Final(parcel.label.complete(closed()))),
                Gate::Down => return Err(parcel.unsent(ErrorKind::Connection, UNREACHABLE)),
                Gate::Blocked => {
                    let unblocked = self.link.until(|gate| gate != Gate::Blocked);
                    if tokio::time::timeout_at(parcel.deadline, unblocked).await.is_err() {
                        let message = "the bus was blocked until the deadline";
                        return Err(parcel.fail(ErrorKind::Full, message));
                    }
                }
            }
        }
    }
}

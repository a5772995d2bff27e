//! Those who wait for replies.

use std::collections::HashMap;
use std::sync::Arc;

use busway_core::Error;
use foldhash::fast::RandomState;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::outbox::Verdict;
use crate::wire::Arrived;

/// What a call waits for.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A reply or failure of the server.
    Reply(Arrived),
    /// The request was not delivered, or nobody knows whether it was.
    Failed(Verdict),
}

/// The calls that wait, by the message ids of their requests. The ids are our own: their hashes need
/// not be safe from whoever would choose them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiters(Arc<Mutex<HashMap<Arc<str>, Waiter, RandomState>>>);

#[derive(Debug)]
struct Waiter {
    answer: oneshot::Sender<Answer>,
    beats: Option<Arc<Notify>>,
    /// The connection that carried the request, once it may have left.
    handed: Option<u64>,
}

/// One call that waits; forgotten when dropped.
#[derive(Debug)]
pub(crate) struct Waiting {
    id: Arc<str>,
    waiters: Waiters,
    answer: oneshot::Receiver<Answer>,
    beats: Option<Arc<Notify>>,
    /// Whether it waits no longer.
    answered: bool,
}

impl Waiters {
    /// Waits for what becomes of the request with that message id; with `monitored`, for its
    /// heartbeats too.
    pub(crate) fn wait_for(&self, id: Arc<str>, monitored: bool) -> Waiting {
        let (sender, answer) = oneshot::channel();
        let beats = monitored.then(Arc::default);
        let waiter = Waiter { answer: sender, beats: beats.clone(), handed: None };
        self.0.lock().insert(id.clone(), waiter);
        Waiting { id, waiters: self.clone(), answer, beats, answered: false }
    }

    pub(super) fn is_waiting(&self, id: &str) -> bool {
        self.0.lock().contains_key(id)
    }

    /// The request is about to leave by the connection of that number.
    pub(super) fn handed(&self, id: &str, epoch: u64) {
        if let Some(waiter) = self.0.lock().get_mut(id) {
            waiter.handed = Some(epoch);
        }
    }

    /// The request has not left after all.
    pub(super) fn taken_back(&self, id: &str) {
        if let Some(waiter) = self.0.lock().get_mut(id) {
            waiter.handed = None;
        }
    }

    pub(super) fn failed(&self, id: &str, verdict: Verdict) {
        let waiter = self.0.lock().remove(id);
        if let Some(waiter) = waiter {
            drop(waiter.answer.send(Answer::Failed(verdict)));
        }
    }

    /// Gives a reply or a heartbeat to the call that waits for it; whether one does.
    pub(super) fn answer(&self, arrived: Arrived) -> bool {
        let Some(id) = arrived.correlation_id.as_deref() else { return false };
        let mut waiters = self.0.lock();
        if arrived.body.is_none() {
            let Some(waiter) = waiters.get(id) else { return false };
            if let Some(beats) = &waiter.beats {
                beats.notify_one();
            }
            return true;
        }
        let Some(waiter) = waiters.remove(id) else { return false };
        drop(waiters);
        waiter.answer.send(Answer::Reply(arrived)).is_ok()
    }

    /// The connection of that number is gone: what left by it is in doubt.
    pub(super) fn lost(&self, epoch: u64, why: &Error) {
        let mut waiters = self.0.lock();
        let gone = waiters.extract_if(|_, waiter| waiter.handed == Some(epoch));
        for (_, waiter) in gone {
            let verdict = Verdict::InDoubt(super::outbox::again(why));
            drop(waiter.answer.send(Answer::Failed(verdict)));
        }
    }

    /// Ends every wait.
    pub(super) fn close(&self) {
        self.0.lock().clear();
    }
}

impl Waiting {
    /// The reply, or what became of the request instead. Cancel safe.
    pub(crate) async fn answer(&mut self) -> Answer {
        let answer = (&mut self.answer).await;
        self.answered = true;
        answer.unwrap_or_else(|_| Answer::Failed(Verdict::Refused(super::words::closed())))
    }

    /// As [`answer`](Self::answer), or none at the next heartbeat of a monitored call's handler.
    pub(crate) async fn answer_or_beat(&mut self) -> Option<Answer> {
        let Some(beats) = self.beats.clone() else { return Some(self.answer().await) };
        tokio::select! {
            biased;
            answer = self.answer() => Some(answer),
            () = beats.notified() => None,
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Whoever answered has forgotten it already.
        if !self.answered {
            self.waiters.0.lock().remove(&self.id);
        }
    }
}

//! What waits to be sent to one destination.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use busway_core::Error;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::replies::Waiters;
use crate::wire::{Destination, Outgoing};

/// How many messages wait at most when another comes for which nobody waits: a peer may give much
/// credit, and take no bytes.
const MOST_UNASKED: usize = 256;

/// What became of one transmission.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The peer has it: accepted, or sent settled.
    Accepted,
    /// The peer gave it back, and it may be sent again.
    Returned(Error),
    /// The peer, or a limit of the link, refused it for good, or refused the link.
    Refused(Error),
    /// It may have left, and nobody will ever tell.
    InDoubt(Error),
}

/// Who is told.
#[derive(Debug)]
pub(super) enum Tell {
    /// Somebody who waits for nothing else.
    Sender(oneshot::Sender<Verdict>),
    /// The call with this message id, which waits for its reply and for bad news alone.
    Call(Arc<str>, Waiters),
    /// Nobody waits; a function has the verdict.
    Afterwards(Afterwards),
}

/// What is done once it is known what became of a message for which nobody waits.
pub(super) struct Afterwards {
    /// Until when the message is to leave.
    until: Instant,
    done: Box<dyn FnOnce(Verdict) + Send + Sync>,
}

impl Afterwards {
    pub(super) fn new(until: Instant, done: impl FnOnce(Verdict) + Send + Sync + 'static) -> Self {
        Self { until, done: Box::new(done) }
    }
}

impl fmt::Debug for Afterwards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Afterwards").field("until", &self.until).finish_non_exhaustive()
    }
}

/// A message for one transmission.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) outgoing: Outgoing,
    pub(super) settled: bool,
    pub(super) tell: Tell,
}

impl Item {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool {
        match &self.tell {
            Tell::Sender(sender) => !sender.is_closed(),
            Tell::Call(id, waiters) => waiters.is_waiting(id),
            Tell::Afterwards(Afterwards { until, .. }) => *until > Instant::now(),
        }
    }
}

impl Tell {
    pub(super) fn tell(self, verdict: Verdict) {
        match (self, verdict) {
            // Whoever waited may have given up.
            (Self::Sender(sender), verdict) => drop(sender.send(verdict)),
            (Self::Call(..), Verdict::Accepted) => {}
            (Self::Call(id, waiters), verdict) => waiters.failed(&id, verdict),
            (Self::Afterwards(afterwards), verdict) => (afterwards.done)(verdict),
        }
    }
}

/// What waits to be sent to one destination, whatever becomes of connections meanwhile.
///
/// It is as long as there are callers that wait: each of them takes its message back when it gives
/// up.
#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) destination: Destination,
    queue: Mutex<Queue>,
    filled: Filled,
}

#[derive(Debug, Default)]
struct Queue {
    /// In the order of their numbers.
    items: VecDeque<(u64, Item)>,
    next: u64,
    /// How many messages the peer takes at once, as far as that is known.
    room: u32,
    retired: bool,
}

impl Queue {
    /// Where the item of that number is, or would be.
    fn find(&self, number: u64) -> Result<usize, usize> {
        self.items.binary_search_by_key(&number, |item| item.0)
    }

    fn push(&mut self, item: Item) -> u64 {
        let number = self.next;
        self.next += 1;
        self.items.push_back((number, item));
        number
    }

    /// Whether the peer takes another message after those that wait, and few enough do.
    fn has_room(&self) -> bool {
        !self.retired && self.items.len() < MOST_UNASKED.min(self.room as usize)
    }
}

/// That something has come in, for one task that waits.
#[derive(Debug, Default)]
struct Filled {
    told: AtomicBool,
    task: AtomicWaker,
}

impl Filled {
    fn tell(&self) {
        self.told.store(true, Ordering::Release);
        self.task.wake();
    }

    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        if self.told.swap(false, Ordering::Acquire) {
            return Poll::Ready(());
        }
        self.task.register(context.waker());
        // It may have been told meanwhile.
        if self.told.swap(false, Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// A place in an outbox, given up when dropped.
#[derive(Debug)]
pub(super) struct Place {
    outbox: Arc<Outbox>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut queue = self.outbox.queue.lock();
        // Most have left by then.
        let there = queue.find(self.number).ok().and_then(|at| queue.items.remove(at));
        drop(queue);
        drop(there);
    }
}

impl Outbox {
    pub(super) fn new(destination: Destination) -> Arc<Self> {
        Arc::new(Self { destination, queue: Mutex::default(), filled: Filled::default() })
    }

    /// Puts a message in.
    ///
    /// # Errors
    /// The message, when nobody serves this outbox any more.
    pub(super) fn put(self: &Arc<Self>, item: Item) -> Result<Place, Item> {
        let number = {
            let mut queue = self.queue.lock();
            if queue.retired {
                return Err(item);
            }
            queue.push(item)
        };
        self.filled.tell();
        Ok(Place { outbox: self.clone(), number })
    }

    /// Puts a message in for which nobody is going to wait, if it can leave at once; whether it
    /// was.
    pub(super) fn put_if_it_can_leave(&self, item: Item) -> bool {
        {
            let mut queue = self.queue.lock();
            if !queue.has_room() {
                return false;
            }
            queue.push(item);
        }
        self.filled.tell();
        true
    }

    /// Waits until something has come in since the last time; one task alone. Cancel safe.
    pub(super) async fn filled(&self) {
        poll_fn(|context| self.filled.poll(context)).await;
    }

    /// Whether another message can leave at once.
    pub(super) fn has_room(&self) -> bool {
        self.queue.lock().has_room()
    }

    /// The first message that somebody waits for, by a link on which the peer takes so many. From
    /// now on it counts as handed over.
    pub(super) fn take(&self, room: u32) -> Option<(u64, Item)> {
        loop {
            let first = {
                let mut queue = self.queue.lock();
                let first = queue.items.pop_front();
                queue.room = room.saturating_sub(u32::from(first.is_some()));
                first?
            };
            if first.1.is_wanted() {
                return Some(first);
            }
            first.1.tell.tell(Verdict::Refused(super::words::late()));
        }
    }

    /// There is no link any more.
    pub(super) fn no_room(&self) {
        self.queue.lock().room = 0;
    }

    /// Puts a message back that has not left.
    pub(super) fn put_back(&self, number: u64, item: Item) {
        if item.is_wanted() {
            let mut queue = self.queue.lock();
            let (Ok(at) | Err(at)) = queue.find(number);
            queue.items.insert(at, (number, item));
        }
    }

    /// Whether the next message is a request of which nobody will tell what became, and that
    /// may not be lost for all that.
    pub(super) fn is_to_arrive_unasked(&self) -> bool {
        let queue = self.queue.lock();
        queue.items.front().is_some_and(|(_, item)| {
            let Outgoing { correlation_id, at_most_once, .. } = &item.outgoing;
            item.settled && correlation_id.is_none() && !at_most_once
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.lock().items.is_empty()
    }

    /// Takes nothing in any more, if nothing is in it.
    pub(super) fn retire(&self) -> bool {
        let mut queue = self.queue.lock();
        queue.retired = queue.items.is_empty();
        queue.retired
    }

    /// Whether it takes nothing in any more.
    pub(super) fn is_retired(&self) -> bool {
        self.queue.lock().retired
    }

    /// Tells everybody who waits that it cannot be sent.
    pub(super) fn refuse(&self, error: &Error) {
        let items = std::mem::take(&mut self.queue.lock().items);
        for (_, item) in items {
            item.tell.tell(Verdict::Refused(again(error)));
        }
    }

    /// Takes nothing in any more, and tells everybody who waits.
    pub(super) fn close(&self) {
        self.queue.lock().retired = true;
        self.refuse(&super::words::closed());
    }
}

/// The same error once more.
pub(super) fn again(error: &Error) -> Error {
    Error::new(error.kind(), error.message().to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use busway_core::ErrorKind;

    use super::*;

    fn item(until: Instant, told: &Arc<Mutex<Vec<Verdict>>>) -> Item {
        let told = told.clone();
        let tell = Afterwards::new(until, move |verdict| told.lock().push(verdict));
        let outgoing = Outgoing {
            body: None,
            expiry: None,
            message_id: None,
            correlation_id: None,
            at_most_once: false,
        };
        Item { outgoing, settled: true, tell: Tell::Afterwards(tell) }
    }

    #[test]
    fn what_can_leave_at_once_is_as_much_as_the_peer_takes() {
        let (outbox, told) = (Outbox::new(Destination::Address("a".into())), Arc::default());
        let later = Instant::now() + Duration::from_hours(1);
        let put = || outbox.put_if_it_can_leave(item(later, &told));
        assert!(!put());
        assert!(outbox.take(2).is_none());
        assert_eq!([put(), put(), put()], [true, true, false]);
        assert!(outbox.take(2).is_some());
        assert!(!put(), "one waits, and the peer takes one more");
        assert!(outbox.take(1).is_some());
        assert!(!put());
        assert!(outbox.take(7).is_none() && put());
        outbox.no_room();
        assert!(!put());
        assert!(told.lock().is_empty());
    }

    #[test]
    fn much_credit_is_no_room_without_end() {
        let (outbox, told) = (Outbox::new(Destination::Address("a".into())), Arc::default());
        let later = Instant::now() + Duration::from_hours(1);
        assert!(outbox.take(u32::MAX).is_none());
        let put = || outbox.put_if_it_can_leave(item(later, &told));
        assert_eq!((0..MOST_UNASKED + 10).filter(|_| put()).count(), MOST_UNASKED);
    }

    #[test]
    fn what_comes_too_late_does_not_leave() {
        let (outbox, told) = (Outbox::new(Destination::Address("a".into())), Arc::default());
        assert!(outbox.take(2).is_none());
        assert!(outbox.put_if_it_can_leave(item(Instant::now(), &told)));
        assert!(outbox.take(2).is_none());
        let told = told.lock();
        let [Verdict::Refused(error)] = &told[..] else { panic!("{told:?}") };
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
}

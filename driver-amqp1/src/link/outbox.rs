//! What waits to be sent to one destination.

use std::collections::BTreeMap;
use std::sync::Arc;

use busway_core::{Error, ErrorKind};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::replies::Waiters;
use crate::wire::{Destination, Outgoing};

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
    /// Told when something comes in.
    pub(super) filled: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    items: BTreeMap<u64, Item>,
    next: u64,
    retired: bool,
}

/// A place in an outbox, given up when dropped.
#[derive(Debug)]
pub(super) struct Place {
    outbox: Arc<Outbox>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.outbox.queue.lock().items.remove(&self.number);
    }
}

impl Outbox {
    pub(super) fn new(destination: Destination) -> Arc<Self> {
        Arc::new(Self { destination, queue: Mutex::default(), filled: Notify::new() })
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
            let number = queue.next;
            queue.next += 1;
            queue.items.insert(number, item);
            number
        };
        self.filled.notify_one();
        Ok(Place { outbox: self.clone(), number })
    }

    /// The first message that somebody waits for. From now on it counts as handed over.
    pub(super) fn take(&self) -> Option<(u64, Item)> {
        let mut queue = self.queue.lock();
        while let Some(first) = queue.items.pop_first() {
            if first.1.is_wanted() {
                return Some(first);
            }
        }
        None
    }

    /// Puts a message back that has not left.
    pub(super) fn put_back(&self, number: u64, item: Item) {
        if item.is_wanted() {
            self.queue.lock().items.insert(number, item);
        }
    }

    /// Whether the next message is a request of which nobody will tell what became, and that
    /// may not be lost for all that.
    pub(super) fn is_to_arrive_unasked(&self) -> bool {
        let queue = self.queue.lock();
        queue.items.values().next().is_some_and(|item| {
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
        for item in items.into_values() {
            item.tell.tell(Verdict::Refused(again(error)));
        }
    }

    /// Takes nothing in any more, and tells everybody who waits.
    pub(super) fn close(&self) {
        self.queue.lock().retired = true;
        self.refuse(&Error::new(ErrorKind::Closed, "the transport is closed"));
    }
}

/// The same error once more.
pub(super) fn again(error: &Error) -> Error {
    Error::new(error.kind(), error.message().to_owned())
}

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, TryAcquireError};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::counters::Counts;
use super::inspect::QueueStats;
use super::message::{Body, Message};
use super::name::QueueName;
use super::ticket::Ticket;
use super::turns::{Consumer, Share, Turns};
use super::unsettled::{Tag, Unsettled};

/// Who tidies up when a queue is no longer needed.
pub(super) trait Keeper: Send + Sync {
    /// Removes the queue if nobody listens and nothing is left in it.
    fn tidy(&self, name: &QueueName);
}

/// A bounded queue. A message holds its room until it is acknowledged, so that what is given back
/// always fits.
pub(crate) struct Queue<B> {
    name: QueueName,
    capacity: usize,
    room: Semaphore,
    /// Told when the last listener has left, or the queue is gone.
    deserted: Notify,
    keeper: Weak<dyn Keeper>,
    counts: Arc<Counts>,
    state: Mutex<State<B>>,
}

struct State<B> {
    ready: VecDeque<Message<B>>,
    unsettled: Unsettled<B>,
    turns: Turns,
    next_place: u64,
    /// No message that is ready expires before this.
    next_expiry: Option<Instant>,
    closed: bool,
    /// The end of a queue that nobody listens to.
    linger: Option<AbortOnDropHandle<()>>,
}

impl<B> State<B> {
    /// Whether nobody listens and nothing is left, in nobody's hands either.
    fn is_idle(&self) -> bool {
        self.turns.is_empty() && self.ready.is_empty() && self.unsettled.len() == 0
    }

    fn expires(&mut self, deadline: Option<Instant>) {
        self.next_expiry = self.next_expiry.into_iter().chain(deadline).min();
    }
}

/// Room for one message.
pub(crate) struct Room<'a>(SemaphorePermit<'a>);

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// Nobody listens.
    Deserted,
    /// It was full until the deadline.
    Full,
}

/// A message that was taken out, and the means to settle it when that is called for.
pub(crate) struct Taken<B: Body> {
    pub(crate) message: Message<B>,
    pub(crate) ticket: Option<Ticket<B>>,
}

impl<B: Body> Queue<B> {
    pub(super) fn new(
        name: QueueName,
        capacity: usize,
        keeper: Weak<dyn Keeper>,
        counts: Arc<Counts>,
    ) -> Arc<Self> {
        let capacity = capacity.clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Self {
            name,
            capacity,
            room: Semaphore::new(capacity),
            deserted: Notify::new(),
            keeper,
            counts,
            state: Mutex::new(State {
                ready: VecDeque::new(),
                unsettled: Unsettled::new(),
                turns: Turns::default(),
                next_place: 0,
                next_expiry: None,
                closed: false,
                linger: None,
            }),
        })
    }

    pub(crate) fn name(&self) -> &QueueName {
        &self.name
    }

    /// Room for one message, now.
    pub(crate) fn try_reserve(&self) -> Option<Room<'_>> {
        self.room.try_acquire().ok().map(Room)
    }

    /// Room for one message; waits for it in line with others.
    pub(crate) async fn reserve(&self, deadline: Instant) -> Result<Room<'_>, NoRoom> {
        match self.room.try_acquire() {
            Ok(permit) => return Ok(Room(permit)),
            Err(TryAcquireError::Closed) => return Err(NoRoom::Deserted),
            Err(TryAcquireError::NoPermits) => self.drop_expired(),
        }
        let mut deserted = std::pin::pin!(self.deserted.notified());
        deserted.as_mut().enable();
        if self.is_deserted() {
            return Err(NoRoom::Deserted);
        }
        tokio::select! {
            biased;
            permit = self.room.acquire() => permit.map(Room).map_err(|_| NoRoom::Deserted),
            () = deserted => Err(NoRoom::Deserted),
            () = tokio::time::sleep_until(deadline) => Err(NoRoom::Full),
        }
    }

    /// Puts a message at the end; not when nobody listens to a queue that does not store.
    pub(crate) fn push(&self, mut message: Message<B>, room: Room<'_>) -> Result<(), NoRoom> {
        let mut state = self.state.lock();
        if state.closed || (self.name.is_mandatory() && state.turns.is_empty()) {
            return Err(NoRoom::Deserted);
        }
        room.0.forget();
        message.place = state.next_place;
        state.next_place += 1;
        state.expires(message.deadline);
        state.ready.push_back(message);
        let wake = state.turns.arrived();
        drop(state);
        wake.inspect(|consumer| consumer.ring());
        Ok(())
    }

    /// Takes what is owed to a consumer, and with `spare` what is owed to others who are busy.
    /// Tells whether there was something that only `spare` would have given.
    pub(crate) fn take(
        self: &Arc<Self>,
        consumer: u64,
        max: usize,
        spare: bool,
        out: &mut Vec<Taken<B>>,
    ) -> bool {
        let mut state = self.state.lock();
        let allowed = match state.turns.share(consumer, state.ready.len()) {
            Share::Own(count) => count,
            Share::Spare(count) if spare => count,
            Share::Spare(_) => return true,
            Share::Nothing => return false,
        };
        let now = Instant::now();
        let (mut freed, mut expired, mut redelivered, before) = (0, 0, 0, out.len());
        while out.len() - before < allowed.min(max)
            && let Some(message) = state.ready.pop_front()
        {
            state.turns.left(consumer);
            if message.is_expired(now) {
                expired += 1;
                continue;
            }
            redelivered += u64::from(message.redelivered);
            let ticket = message.acknowledged.then(|| {
                let tag = state.unsettled.insert(consumer, message.clone());
                Ticket::new(self.clone(), tag)
            });
            freed += usize::from(ticket.is_none());
            out.push(Taken { message, ticket });
        }
        let relief = state.turns.relief();
        drop(state);
        relief.inspect(|consumer| consumer.ring());
        self.counts.expired.add(expired as u64);
        self.counts.redelivered.add(redelivered);
        self.counts.delivered.add((out.len() - before) as u64);
        self.free(freed + expired);
        false
    }

    /// How many messages are there for a consumer.
    pub(crate) fn available(&self, consumer: u64) -> usize {
        let state = self.state.lock();
        match state.turns.share(consumer, state.ready.len()) {
            Share::Own(count) | Share::Spare(count) => count,
            Share::Nothing => 0,
        }
    }

    /// A consumer stops waiting without taking: another one may.
    pub(crate) fn relieve(&self) {
        let relief = self.state.lock().turns.relief();
        relief.inspect(|consumer| consumer.ring());
    }

    /// A message has arrived for good. False when it was taken back before.
    pub(super) fn settle(&self, tag: Tag) -> bool {
        let mut state = self.state.lock();
        let settled = state.unsettled.remove(tag).is_some();
        let idle = state.is_idle();
        drop(state);
        if settled {
            self.free(1);
        }
        if idle {
            self.tidy();
        }
        settled
    }

    /// A message returns to its place, to be delivered again.
    pub(super) fn give_back(&self, tag: Tag) {
        let mut state = self.state.lock();
        let message = state.unsettled.remove(tag);
        self.put_back(state, message.into_iter().collect());
    }

    /// A consumer lost its connection: what it had in its hands is given back.
    pub(crate) fn recall(&self, consumer: u64) {
        let mut state = self.state.lock();
        let messages = state.unsettled.remove_all(consumer);
        self.put_back(state, messages);
    }

    fn put_back(
        &self,
        mut state: parking_lot::MutexGuard<'_, State<B>>,
        messages: Vec<Message<B>>,
    ) {
        if state.closed {
            drop(state);
            self.abandon(messages);
            return;
        }
        let mut wake = Vec::new();
        for mut message in messages {
            message.redelivered = true;
            let at = state.ready.partition_point(|other| other.place < message.place);
            state.expires(message.deadline);
            state.ready.insert(at, message);
            wake.extend(state.turns.arrived());
        }
        drop(state);
        for consumer in &wake {
            consumer.ring();
        }
    }

    pub(crate) fn join(&self, consumer: Arc<Consumer>) {
        let mut state = self.state.lock();
        let ready = state.ready.len();
        state.turns.join(consumer, ready);
        state.linger = None;
    }

    /// A listener ends: what it was owed goes to others.
    pub(crate) fn leave(&self, consumer: u64) {
        let mut state = self.state.lock();
        let wake = state.turns.leave(consumer);
        let deserted = state.turns.is_empty();
        drop(state);
        for consumer in &wake {
            consumer.ring();
        }
        if deserted && self.name.is_mandatory() {
            self.deserted.notify_waiters();
        }
    }

    /// Whether a message would be undeliverable.
    pub(crate) fn is_deserted(&self) -> bool {
        let state = self.state.lock();
        state.closed || (self.name.is_mandatory() && state.turns.is_empty())
    }

    /// Whether nothing is left in it, in nobody's hands either.
    pub(super) fn is_drained(&self) -> bool {
        let state = self.state.lock();
        state.ready.is_empty() && state.unsettled.len() == 0
    }

    /// Keeps the task that ends a deserted queue, for as long as it stays deserted.
    pub(super) fn set_linger(&self, task: AbortOnDropHandle<()>) {
        let mut state = self.state.lock();
        if state.turns.is_empty() && !state.closed {
            state.linger.get_or_insert(task);
        }
    }

    /// Asks for removal: nobody needs the queue.
    fn tidy(&self) {
        if let Some(keeper) = self.keeper.upgrade() {
            keeper.tidy(&self.name);
        }
    }

    /// The end: what lies in it is lost, what is given back later as well.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let messages = std::mem::take(&mut state.ready);
        let linger = state.linger.take();
        drop(state);
        // The task may be the one that runs here: it ends with this.
        drop(linger);
        self.room.close();
        self.deserted.notify_waiters();
        self.abandon(messages);
    }

    /// Messages that nobody will get; their callers are told.
    fn abandon(&self, messages: impl IntoIterator<Item = Message<B>>) {
        for message in messages {
            self.counts.abandoned.up();
            if let Some(slot) = message.reply {
                slot.unserved();
            }
        }
    }

    fn drop_expired(&self) {
        let now = Instant::now();
        let mut state = self.state.lock();
        if state.next_expiry.is_none_or(|expiry| now < expiry) {
            return;
        }
        let before = state.ready.len();
        state.ready.retain(|message| !message.is_expired(now));
        state.next_expiry = state.ready.iter().filter_map(|message| message.deadline).min();
        let expired = before - state.ready.len();
        (0..expired).for_each(|_| state.turns.left(0));
        drop(state);
        self.counts.expired.add(expired as u64);
        self.free(expired);
    }

    fn free(&self, count: usize) {
        if count > 0 {
            self.room.add_permits(count);
        }
    }

    pub(super) fn stats(&self) -> QueueStats {
        let state = self.state.lock();
        QueueStats {
            name: self.name.to_string(),
            ready: state.ready.len(),
            unacknowledged: state.unsettled.len(),
            listeners: state.turns.len(),
            capacity: self.capacity,
        }
    }
}

impl<B> fmt::Debug for Queue<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Queue({})", self.name)
    }
}

//! A queue: messages in order, each for one consumer.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use fe2o3_amqp::types::definitions::Fields;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::ready::{Entry, Ready};
use super::subscription::Taken;
use super::{Refusal, Stored};

/// The most that a queue, or one subscription of a topic, holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// What a consumer says about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is done with, well or not.
    Done,
    /// It is to be delivered as if this delivery had not been.
    Released,
    /// It is to be delivered again, changed.
    Modified {
        /// This delivery counts as failed.
        failed: bool,
        /// Not to this consumer.
        not_here: bool,
        annotations: Option<Fields>,
    },
}

/// A queue of bounded length. What consumers have and have not settled belongs to it still.
#[derive(Debug)]
pub(crate) struct Queue {
    name: String,
    bounds: Bounds,
    state: Mutex<State>,
    /// Told when there is room again.
    pub(super) room: Arc<Notify>,
    /// Cancelled when the queue is deleted.
    pub(super) deleted: CancellationToken,
}

#[derive(Debug)]
struct Consumer {
    /// How many more messages it may be given.
    capacity: usize,
    /// Given to it, and not taken yet.
    inbox: VecDeque<(u64, Entry)>,
    /// Taken, and not settled yet.
    unsettled: BTreeMap<u64, Entry>,
    wake: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    ready: Ready,
    next: u64,
    consumers: BTreeMap<u64, Consumer>,
    /// The consumers in the order in which they are next.
    turns: VecDeque<u64>,
    next_consumer: u64,
    messages: usize,
    bytes: usize,
    /// Whether messages have left that those who wait for room were not told of yet.
    has_more_room: bool,
}

impl Queue {
    pub(super) fn new(name: &str, bounds: Bounds, room: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            bounds,
            state: Mutex::default(),
            room,
            deleted: CancellationToken::new(),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How many messages are in it, and with its consumers.
    pub(super) fn held(&self) -> usize {
        self.change(|state| {
            state.drop_expired();
            state.messages
        })
    }

    /// How many more messages the queue takes.
    pub(super) fn free(&self) -> usize {
        self.change(|state| {
            let free = self.free_in(state);
            if free > 0 {
                return free;
            }
            state.drop_expired();
            self.free_in(state)
        })
    }

    fn free_in(&self, state: &State) -> usize {
        if state.bytes >= self.bounds.bytes {
            return 0;
        }
        self.bounds.messages.saturating_sub(state.messages)
    }

    pub(super) fn put(&self, stored: Arc<Stored>) -> Result<(), Refusal> {
        if self.deleted.is_cancelled() {
            return Err(Refusal::node_deleted(&self.name));
        }
        if self.free() == 0 {
            return Err(Refusal::full(&self.name));
        }
        self.change(|state| {
            state.messages += 1;
            state.bytes += stored.size();
            let order = state.next;
            state.next += 1;
            let entry = Entry { stored, failed: 0, first: true, not_for: Vec::new() };
            state.ready.insert(order, entry);
            state.dispatch();
        });
        Ok(())
    }

    /// Drops what has expired; whether the queue is empty then.
    pub(super) fn tidy(&self) -> bool {
        self.change(|state| {
            state.drop_expired();
            state.messages == 0
        })
    }

    pub(super) fn subscribe(&self, wake: Arc<Notify>) -> u64 {
        let mut state = self.state.lock();
        let id = state.next_consumer;
        state.next_consumer += 1;
        let consumer =
            Consumer { capacity: 0, inbox: VecDeque::new(), unsettled: BTreeMap::new(), wake };
        state.consumers.insert(id, consumer);
        state.turns.push_back(id);
        id
    }

    /// Gives back all that a consumer had: what it took as failed, the rest as it was.
    pub(super) fn unsubscribe(&self, id: u64) {
        self.change(|state| {
            let Some(consumer) = state.consumers.remove(&id) else { return };
            state.turns.retain(|turn| *turn != id);
            for (order, mut entry) in consumer.unsettled {
                entry.failed = entry.failed.saturating_add(1);
                entry.first = false;
                state.ready.insert(order, entry);
            }
            for (order, entry) in consumer.inbox {
                state.ready.insert(order, entry);
            }
            state.ready.forget_consumer(id);
            state.dispatch();
        });
    }

    /// Says how many messages a consumer may be given, those in its inbox included.
    pub(super) fn offer(&self, id: u64, capacity: usize) {
        self.change(|state| {
            let State { consumers, ready, .. } = state;
            let Some(consumer) = consumers.get_mut(&id) else { return };
            while consumer.inbox.len() > capacity {
                let Some((order, entry)) = consumer.inbox.pop_back() else { break };
                ready.insert(order, entry);
            }
            consumer.capacity = capacity - consumer.inbox.len();
            state.dispatch();
        });
    }

    /// Takes the next message of a consumer's inbox; one that will not be settled leaves the queue.
    pub(super) fn take(&self, id: u64, settled: bool) -> Option<Taken> {
        self.change(|state| {
            let now = Instant::now();
            loop {
                let (order, entry) = state.consumers.get_mut(&id)?.inbox.pop_front()?;
                if entry.stored.has_expired(now) {
                    state.forget(&entry);
                    continue;
                }
                let taken = Taken {
                    order,
                    stored: Arc::clone(&entry.stored),
                    failed: entry.failed,
                    first: entry.first,
                };
                if settled {
                    state.forget(&entry);
                } else {
                    state.consumers.get_mut(&id)?.unsettled.insert(order, entry);
                }
                return Some(taken);
            }
        })
    }

    pub(super) fn settle(&self, id: u64, order: u64, outcome: Outcome) {
        self.change(|state| {
            let consumer = state.consumers.get_mut(&id);
            let Some(mut entry) = consumer.and_then(|it| it.unsettled.remove(&order)) else {
                return;
            };
            match outcome {
                Outcome::Done => return state.forget(&entry),
                Outcome::Released => {}
                Outcome::Modified { failed, not_here, annotations } => {
                    entry.failed = entry.failed.saturating_add(u32::from(failed));
                    if not_here {
                        entry.not_for.push(id);
                    }
                    if let Some(annotations) = annotations {
                        Arc::make_mut(&mut entry.stored).annotate(annotations);
                    }
                }
            }
            entry.first = false;
            state.ready.insert(order, entry);
            state.dispatch();
        });
    }

    /// Changes the state, and tells those who wait for room when there is more of it.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let result = change(&mut state);
        let has_more_room = std::mem::take(&mut state.has_more_room);
        drop(state);
        if has_more_room {
            self.room.notify_waiters();
        }
        result
    }
}

impl State {
    /// Gives what is ready to the consumers that have room, in turns.
    fn dispatch(&mut self) {
        let now = Instant::now();
        let mut from = 0;
        while self.consumers.values().any(|consumer| consumer.capacity > 0) {
            let Some((order, entry)) = self.ready.first_from(from) else { return };
            from = order + 1;
            if entry.stored.has_expired(now) {
                if let Some(entry) = self.ready.remove(order) {
                    self.forget(&entry);
                }
                continue;
            }
            let turn = self
                .turns
                .iter()
                .position(|id| self.consumers[id].capacity > 0 && !entry.not_for.contains(id));
            let Some(id) = turn.and_then(|turn| self.turns.remove(turn)) else { continue };
            self.turns.push_back(id);
            let entry = self.ready.remove(order);
            if let (Some(consumer), Some(entry)) = (self.consumers.get_mut(&id), entry) {
                consumer.capacity -= 1;
                consumer.inbox.push_back((order, entry));
                consumer.wake.notify_one();
            }
        }
    }

    fn drop_expired(&mut self) {
        let now = Instant::now();
        while let Some(entry) = self.ready.take_expired(now) {
            self.forget(&entry);
        }
    }

    fn forget(&mut self, entry: &Entry) {
        self.messages -= 1;
        self.bytes -= entry.stored.size();
        self.has_more_room = true;
    }
}

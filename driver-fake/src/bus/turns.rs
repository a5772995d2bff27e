use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

/// One listener, as its queues see it.
pub(crate) struct Consumer {
    id: u64,
    /// Whether it waits for a message right now.
    waiting: AtomicBool,
    /// Rung when there is something for it.
    bell: Notify,
}

impl Consumer {
    pub(crate) fn new() -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { id, waiting: AtomicBool::new(false), bell: Notify::new() })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn set_waiting(&self, waiting: bool) {
        self.waiting.store(waiting, Ordering::SeqCst);
    }

    fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::SeqCst)
    }

    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Until the bell was rung; a ring while nobody was here counts.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Consumer({})", self.id)
    }
}

/// Whose turn it is: each message that arrives is owed to one of the queue's consumers, in turn,
/// those first that wait with empty hands. It stays in the queue until it is fetched, so that what
/// one gets is always in order, and who is idle can take over what is owed to somebody busy.
///
/// While there are consumers, what is owed to them adds up to the length of the queue.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// In the order of their consumers' ids.
    members: Vec<Member>,
    /// The ids of those who are owed something, in order: few of thousands.
    owing: Vec<u64>,
    next: usize,
}

#[derive(Debug)]
struct Member {
    consumer: Arc<Consumer>,
    owed: usize,
}

impl Member {
    fn is_idle(&self) -> bool {
        self.owed == 0 && self.consumer.is_waiting()
    }

    fn is_behind(&self) -> bool {
        self.owed > 0 && !self.consumer.is_waiting()
    }
}

/// What a consumer may take from a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// So many are owed to it.
    Own(usize),
    /// Nothing is; but others are behind, and it may take over so many.
    Spare(usize),
    /// Nothing.
    Nothing,
}

impl Turns {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Adds a consumer; the first one is owed all that lies in the queue.
    pub(super) fn join(&mut self, consumer: Arc<Consumer>, ready: usize) {
        let owed = if self.members.is_empty() { ready } else { 0 };
        let id = consumer.id;
        if owed > 0 {
            self.owing.push(id);
        }
        let at = self.members.partition_point(|member| member.consumer.id < id);
        self.members.insert(at, Member { consumer, owed });
        if at < self.next {
            self.next += 1;
        }
    }

    /// Removes a consumer; what it was owed goes to the others, who are to be woken.
    pub(super) fn leave(&mut self, id: u64) -> Vec<Arc<Consumer>> {
        let Some(at) = self.position(id) else { return Vec::new() };
        let owed = self.members.remove(at).owed;
        self.owes_nothing_to(id);
        if at < self.next {
            self.next -= 1;
        }
        (0..owed).filter_map(|_| self.arrived()).collect()
    }

    /// A message arrived: it is owed to the next consumer, who is to be woken if it waits.
    pub(super) fn arrived(&mut self) -> Option<Arc<Consumer>> {
        let count = self.members.len();
        if count == 0 {
            return None;
        }
        let first = self.next % count;
        let in_turn = (first..count).chain(0..first);
        let chosen = in_turn.into_iter().find(|&at| self.members[at].is_idle()).unwrap_or(first);
        self.next = chosen + 1;
        let member = &mut self.members[chosen];
        member.owed += 1;
        if member.owed == 1
            && let Err(at) = self.owing.binary_search(&member.consumer.id)
        {
            self.owing.insert(at, member.consumer.id);
        }
        member.consumer.is_waiting().then(|| member.consumer.clone())
    }

    /// What this consumer may take of so many messages.
    pub(super) fn share(&self, id: u64, ready: usize) -> Share {
        let Some(at) = self.position(id) else { return Share::Nothing };
        if self.members[at].owed > 0 {
            return Share::Own(self.members[at].owed);
        }
        if ready > 0 && self.is_anybody_behind() {
            return Share::Spare(ready.div_ceil(self.members.len()));
        }
        Share::Nothing
    }

    /// A message left the queue through this consumer: it was its own, or else that of whoever is
    /// furthest behind.
    pub(super) fn left(&mut self, id: u64) {
        let own = self.position(id).filter(|&at| self.members[at].owed > 0);
        let debtor = own.or_else(|| {
            self.owed().max_by_key(|&at| {
                let member = &self.members[at];
                (member.is_behind(), member.owed)
            })
        });
        if let Some(at) = debtor {
            let member = &mut self.members[at];
            member.owed -= 1;
            if member.owed == 0 {
                let id = member.consumer.id;
                self.owes_nothing_to(id);
            }
        }
    }

    /// Somebody idle who can take over what is owed to one that is busy.
    pub(super) fn relief(&self) -> Option<Arc<Consumer>> {
        if !self.is_anybody_behind() {
            return None;
        }
        self.members.iter().find(|member| member.is_idle()).map(|member| member.consumer.clone())
    }

    fn is_anybody_behind(&self) -> bool {
        self.owed().any(|at| self.members[at].is_behind())
    }

    /// Where those stand who are owed something.
    fn owed(&self) -> impl Iterator<Item = usize> {
        self.owing.iter().filter_map(|id| self.position(*id))
    }

    fn owes_nothing_to(&mut self, id: u64) {
        if let Ok(at) = self.owing.binary_search(&id) {
            self.owing.remove(at);
        }
    }

    fn position(&self, id: u64) -> Option<usize> {
        self.members.binary_search_by_key(&id, |member| member.consumer.id).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consumers(turns: &mut Turns, count: usize) -> Vec<Arc<Consumer>> {
        let consumers: Vec<_> = (0..count).map(|_| Consumer::new()).collect();
        for consumer in &consumers {
            turns.join(consumer.clone(), 0);
        }
        consumers
    }

    fn owed(turns: &Turns) -> Vec<usize> {
        turns.members.iter().map(|member| member.owed).collect()
    }

    #[test]
    fn who_waits_with_empty_hands_comes_first_and_is_woken() {
        let mut turns = Turns::default();
        let consumers = consumers(&mut turns, 3);
        consumers[2].set_waiting(true);
        assert_eq!(turns.arrived().map(|woken| woken.id()), Some(consumers[2].id()));
        assert!(
            (0..3).all(|_| turns.arrived().is_none_or(|woken| woken.id() == consumers[2].id()))
        );
        assert_eq!(owed(&turns), [1, 1, 2]);
    }

    #[test]
    fn who_joins_late_with_an_early_id_has_its_turn_like_others() {
        let mut turns = Turns::default();
        let early = Consumer::new();
        let late = consumers(&mut turns, 2);
        let woken = |turns: &mut Turns| turns.arrived().map(|consumer| consumer.id());
        late.iter().chain([&early]).for_each(|consumer| consumer.set_waiting(true));
        assert_eq!(woken(&mut turns), Some(late[0].id()));
        turns.join(early.clone(), 0);
        assert_eq!(woken(&mut turns), Some(late[1].id()));
        assert_eq!(woken(&mut turns), Some(early.id()));
        assert_eq!(turns.share(early.id(), 3), Share::Own(1));
        turns.left(early.id());
        assert_eq!(turns.share(early.id(), 2), Share::Nothing);
    }

    #[test]
    fn the_first_one_is_owed_all_and_who_leaves_passes_it_on() {
        let mut turns = Turns::default();
        let first = Consumer::new();
        turns.join(first.clone(), 5);
        let others = consumers(&mut turns, 2);
        others[1].set_waiting(true);
        let woken = turns.leave(first.id());
        assert_eq!(woken[0].id(), others[1].id());
        assert_eq!(owed(&turns).iter().sum::<usize>(), 5);
        assert!(turns.leave(first.id()).is_empty());
    }

    #[test]
    fn one_with_nothing_may_take_over_from_those_who_are_busy_only() {
        let mut turns = Turns::default();
        let consumers = consumers(&mut turns, 2);
        turns.arrived();
        let other = consumers[1].id();
        assert_eq!(turns.share(other, 1), Share::Spare(1));
        consumers[0].set_waiting(true);
        assert_eq!(turns.share(other, 1), Share::Nothing);
        assert_eq!(turns.share(consumers[0].id(), 1), Share::Own(1));
    }

    #[test]
    fn what_is_owed_adds_up_to_what_is_there() {
        let mut random = fastrand::Rng::with_seed(1);
        let (mut turns, mut members, mut ready) = (Turns::default(), Vec::new(), 0);
        for _ in 0..10_000 {
            let at = random.usize(..members.len().max(1));
            match (random.u8(..8), members.get(at)) {
                (0, _) if members.len() < 5 => {
                    let consumer = Consumer::new();
                    turns.join(consumer.clone(), ready);
                    members.push(consumer);
                }
                (1, Some(_)) => {
                    let consumer: Arc<Consumer> = members.remove(at);
                    turns.leave(consumer.id());
                }
                (2, Some(consumer)) => consumer.set_waiting(random.bool()),
                (3 | 4, Some(consumer)) => {
                    let id = consumer.id();
                    let (Share::Own(count) | Share::Spare(count)) = turns.share(id, ready) else {
                        continue;
                    };
                    assert!((1..=ready).contains(&count));
                    (0..count).for_each(|_| turns.left(id));
                    ready -= count;
                }
                _ => {
                    turns.arrived();
                    ready += 1;
                }
            }
            let sum: usize = owed(&turns).iter().sum();
            assert_eq!(sum, if members.is_empty() { 0 } else { ready });
        }
    }
}

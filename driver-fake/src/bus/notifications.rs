use std::collections::HashMap;
use std::sync::{Arc, Weak};

use busway_core::notify::{Notification, Priority};
use parking_lot::RwLock;

use super::QueueSettings;
use super::counters::Counts;
use super::inspect::QueueStats;
use super::name::{QueueName, Role};
use super::queue::Queue;
use super::topics::Topics;

type Stored = Arc<Queue<Notification>>;
type Names<T> = HashMap<Arc<str>, T>;

/// The queues of notifications: from the first notification or listener on, for as long as the
/// bus lives.
#[derive(Debug)]
pub(crate) struct Notifications {
    exchanges: RwLock<Names<Names<Topic>>>,
    counts: Arc<Counts>,
}

/// The queues of one topic, by priority.
type Topic = HashMap<Priority, Queues>;

#[derive(Debug)]
struct Queues {
    plain: Stored,
    pools: Names<Stored>,
}

impl Queues {
    fn all(&self) -> Vec<Stored> {
        std::iter::once(&self.plain).chain(self.pools.values()).cloned().collect()
    }
}

impl Notifications {
    pub(super) fn new(counts: Arc<Counts>) -> Self {
        Self { exchanges: RwLock::default(), counts }
    }

    /// The queues that each get a copy of a notification; the plain one is declared if need be.
    pub(crate) fn find(
        &self,
        exchange: &Arc<str>,
        topic: &str,
        priority: Priority,
        settings: QueueSettings,
    ) -> Vec<Stored> {
        let exchanges = self.exchanges.read();
        let topics = exchanges.get(exchange).and_then(|topics| topics.get(topic));
        if let Some(queues) = topics.and_then(|priorities| priorities.get(&priority)) {
            return queues.all();
        }
        drop(exchanges);
        self.with(exchange, topic, priority, settings, |queues| queues.all())
    }

    /// The queue of a subscription, declared if need be.
    pub(crate) fn declare(
        &self,
        exchange: &Arc<str>,
        topic: &str,
        priority: Priority,
        pool: Option<&str>,
        settings: QueueSettings,
    ) -> Stored {
        self.with(exchange, topic, priority, settings, |queues| {
            let Some(pool) = pool else { return queues.plain.clone() };
            let pool = Arc::<str>::from(pool);
            let name = QueueName {
                role: Role::Pool(priority, pool.clone()),
                ..queues.plain.name().clone()
            };
            let declare = || Queue::new(name, settings.capacity, no_keeper(), self.counts.clone());
            queues.pools.entry(pool).or_insert_with(declare).clone()
        })
    }

    fn with<T>(
        &self,
        exchange: &Arc<str>,
        topic: &str,
        priority: Priority,
        settings: QueueSettings,
        then: impl FnOnce(&mut Queues) -> T,
    ) -> T {
        let topic = Arc::<str>::from(topic);
        let mut exchanges = self.exchanges.write();
        let topics = exchanges.entry(exchange.clone()).or_default();
        let priorities = topics.entry(topic.clone()).or_default();
        let queues = priorities.entry(priority).or_insert_with(|| {
            let role = Role::Notifications(priority);
            let name = QueueName { exchange: exchange.clone(), topic, role };
            let plain = Queue::new(name, settings.capacity, no_keeper(), self.counts.clone());
            Queues { plain, pools: HashMap::new() }
        });
        then(queues)
    }

    /// Ends every queue.
    pub(super) fn clear(&self) {
        let exchanges = std::mem::take(&mut *self.exchanges.write());
        let topics = exchanges.into_values().flat_map(HashMap::into_values);
        for queues in topics.flat_map(HashMap::into_values) {
            for queue in queues.all() {
                queue.close();
            }
        }
    }

    pub(super) fn stats(&self) -> Vec<QueueStats> {
        let exchanges = self.exchanges.read();
        let topics = exchanges.values().flat_map(HashMap::values);
        let queues = topics.flat_map(HashMap::values);
        queues.flat_map(Queues::all).map(|queue| queue.stats()).collect()
    }
}

/// These queues stay: nobody tidies them up.
fn no_keeper() -> Weak<Topics> {
    Weak::new()
}

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use busway_core::driver::Request;
use parking_lot::RwLock;
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use super::QueueSettings;
use super::counters::Counts;
use super::inspect::QueueStats;
use super::name::{QueueName, Role};
use super::queue::{Keeper, Queue};
use super::turns::Consumer;

type Requests = Arc<Queue<Request>>;
type Names<T> = HashMap<Arc<str>, T>;

/// The queues of RPC: there while somebody listens, or, with something left in them, for a while
/// longer.
#[derive(Debug)]
pub(crate) struct Topics {
    exchanges: RwLock<Names<Names<Topic>>>,
    counts: Arc<Counts>,
    this: Weak<Self>,
}

#[derive(Debug, Default)]
struct Topic {
    shared: Option<Requests>,
    servers: Names<Requests>,
    fanout: Vec<Requests>,
}

impl Topics {
    pub(super) fn new(counts: Arc<Counts>) -> Arc<Self> {
        Arc::new_cyclic(|this| Self { exchanges: RwLock::default(), counts, this: this.clone() })
    }

    /// The queue of a topic, or of one of its servers, when somebody listens to it.
    pub(crate) fn find(
        &self,
        exchange: &str,
        topic: &str,
        server: Option<&str>,
    ) -> Option<Requests> {
        let exchanges = self.exchanges.read();
        let topic = exchanges.get(exchange)?.get(topic)?;
        match server {
            Some(server) => topic.servers.get(server).cloned(),
            None => topic.shared.clone(),
        }
    }

    /// The queues that each get a copy of a fan-out.
    pub(crate) fn find_fanout(&self, exchange: &str, topic: &str) -> Vec<Requests> {
        let exchanges = self.exchanges.read();
        let topic = exchanges.get(exchange).and_then(|topics| topics.get(topic));
        topic.map(|topic| topic.fanout.clone()).unwrap_or_default()
    }

    /// Subscribes a server: to its topic, to itself, to fan-outs.
    pub(crate) fn join(
        &self,
        exchange: &Arc<str>,
        topic: &str,
        server: &str,
        consumer: &Arc<Consumer>,
        settings: QueueSettings,
    ) -> Vec<Requests> {
        let (topic, server) = (Arc::<str>::from(topic), Arc::<str>::from(server));
        let declare = |role| {
            let name = QueueName { exchange: exchange.clone(), topic: topic.clone(), role };
            Queue::new(name, settings.capacity, self.this.clone(), self.counts.clone())
        };
        let mut exchanges = self.exchanges.write();
        let topics = exchanges.entry(exchange.clone()).or_default();
        let entry = topics.entry(topic.clone()).or_default();
        let shared = entry.shared.get_or_insert_with(|| declare(Role::Topic)).clone();
        let own = entry.servers.entry(server.clone());
        let own = own.or_insert_with(|| declare(Role::Server(server))).clone();
        let fanout = declare(Role::Fanout(consumer.id()));
        entry.fanout.push(fanout.clone());
        let queues = vec![shared, own, fanout];
        for queue in &queues {
            queue.join(consumer.clone());
        }
        queues
    }

    /// Ends a subscription. A queue with something left in it waits so long for a new listener.
    pub(crate) fn leave(&self, queue: &Requests, consumer: u64, wait: Duration, runtime: &Handle) {
        queue.leave(consumer);
        let is_fanout = matches!(queue.name().role, Role::Fanout(_));
        if is_fanout || wait.is_zero() || queue.is_drained() {
            self.remove(queue.name(), |queue| is_fanout || queue.is_deserted());
        } else if queue.is_deserted() {
            queue.set_linger(AbortOnDropHandle::new(runtime.spawn(linger(
                self.this.clone(),
                queue.name().clone(),
                wait,
            ))));
        }
    }

    /// Removes and closes a queue, if it is still as is said.
    fn remove(&self, name: &QueueName, if_it: impl Fn(&Requests) -> bool) {
        let mut exchanges = self.exchanges.write();
        let Some(topics) = exchanges.get_mut(&name.exchange) else { return };
        let Some(topic) = topics.get_mut(&name.topic) else { return };
        let removed = match &name.role {
            Role::Topic => topic.shared.take_if(|queue| if_it(queue)),
            Role::Server(server) => {
                let found = topic.servers.get(server).is_some_and(&if_it);
                found.then(|| topic.servers.remove(server)).flatten()
            }
            Role::Fanout(_) => {
                let at = topic.fanout.iter().position(|queue| queue.name() == name);
                at.map(|at| topic.fanout.remove(at))
            }
            Role::Notifications(_) | Role::Pool(..) => None,
        };
        if topic.shared.is_none() && topic.servers.is_empty() && topic.fanout.is_empty() {
            topics.remove(&name.topic);
        }
        if topics.is_empty() {
            exchanges.remove(&name.exchange);
        }
        drop(exchanges);
        if let Some(queue) = removed {
            queue.close();
        }
    }

    /// Ends every queue.
    pub(super) fn clear(&self) {
        let exchanges = std::mem::take(&mut *self.exchanges.write());
        for topic in exchanges.into_values().flat_map(HashMap::into_values) {
            let queues = topic.shared.into_iter().chain(topic.servers.into_values());
            queues.chain(topic.fanout).for_each(|queue| queue.close());
        }
    }

    pub(super) fn stats(&self) -> Vec<QueueStats> {
        let exchanges = self.exchanges.read();
        let topics = exchanges.values().flat_map(HashMap::values);
        let queues = topics.flat_map(|topic| {
            topic.shared.iter().chain(topic.servers.values()).chain(&topic.fanout)
        });
        queues.map(|queue| queue.stats()).collect()
    }
}

impl Keeper for Topics {
    fn tidy(&self, name: &QueueName) {
        self.remove(name, |queue| queue.is_deserted() && queue.is_drained());
    }
}

/// Ends a queue that nobody has come back to.
async fn linger(topics: Weak<Topics>, name: QueueName, wait: Duration) {
    tokio::time::sleep(wait).await;
    if let Some(topics) = topics.upgrade() {
        topics.remove(&name, |queue| queue.is_deserted());
    }
}

//! The table of nodes by name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::queue::Queue;
use super::topic::Topic;
use super::{Bounds, Kind, Patterns, Refusal, Stored, Subscription};

/// What every dynamic node's name begins with.
const DYNAMIC: &str = "dynamic/";

/// A queue or a topic.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Queue(Arc<Queue>),
    Topic(Arc<Topic>),
}

impl Node {
    /// Puts a message in: into the queue, or a copy into each subscription.
    pub(crate) fn put(&self, stored: Stored) -> Result<(), Refusal> {
        match self {
            Self::Queue(queue) => queue.put(Arc::new(stored)),
            Self::Topic(topic) => topic.put(&Arc::new(stored)),
        }
    }

    /// How many more messages the node takes.
    pub(crate) fn free(&self) -> usize {
        match self {
            Self::Queue(queue) => queue.free(),
            Self::Topic(topic) => topic.free(),
        }
    }

    /// Told when there is room again.
    pub(crate) fn room(&self) -> &Arc<Notify> {
        match self {
            Self::Queue(queue) => &queue.room,
            Self::Topic(topic) => &topic.room,
        }
    }

    /// Cancelled when the node is deleted; topics are not.
    pub(crate) fn deleted(&self) -> Option<&CancellationToken> {
        match self {
            Self::Queue(queue) => Some(&queue.deleted),
            Self::Topic(_) => None,
        }
    }

    /// A new consumer of the node, which is woken when there is something for it.
    pub(crate) fn subscribe(&self, wake: Arc<Notify>) -> Subscription {
        match self {
            Self::Queue(queue) => Subscription::new(Arc::clone(queue), None, wake),
            Self::Topic(topic) => topic.subscribe(wake),
        }
    }

    /// How many messages the node holds.
    fn held(&self) -> usize {
        match self {
            Self::Queue(queue) => queue.held(),
            Self::Topic(topic) => topic.held(),
        }
    }

    /// Whether only the table has the node, and nothing is in it.
    fn is_idle(&self) -> bool {
        match self {
            Self::Queue(queue) => queue.tidy() && Arc::strong_count(queue) == 1,
            Self::Topic(topic) => {
                topic.tidy();
                Arc::strong_count(topic) == 1
            }
        }
    }
}

/// All nodes. Those that patterns make come when they are first named, and go when nobody uses
/// them and nothing is in them.
#[derive(Debug)]
pub(crate) struct Nodes {
    patterns: Patterns,
    bounds: Bounds,
    most: usize,
    table: Mutex<HashMap<String, Node>>,
}

impl Nodes {
    pub(crate) fn new(patterns: Patterns, bounds: Bounds, most: usize) -> Arc<Self> {
        Arc::new(Self { patterns, bounds, most, table: Mutex::default() })
    }

    /// The node of this name, made if a pattern says so.
    pub(crate) fn get(&self, name: &str) -> Result<Node, Refusal> {
        if let Some(node) = self.table.lock().get(name) {
            return Ok(node.clone());
        }
        let node = match self.patterns.kind(name) {
            Some(Kind::Queue) => Node::Queue(Queue::new(name, self.bounds, Arc::default())),
            Some(Kind::Topic) => Node::Topic(Topic::new(name, self.bounds)),
            None => return Err(Refusal::no_node(name)),
        };
        self.insert(name, &node)?;
        Ok(node)
    }

    /// A new queue with a name of the broker's choice, that is deleted when it is dropped.
    pub(crate) fn dynamic(self: &Arc<Self>) -> Result<DynamicNode, Refusal> {
        let name = format!("{DYNAMIC}{}", Uuid::new_v4());
        let queue = Queue::new(&name, self.bounds, Arc::default());
        self.insert(&name, &Node::Queue(Arc::clone(&queue)))?;
        Ok(DynamicNode { nodes: Arc::clone(self), queue })
    }

    fn insert(&self, name: &str, node: &Node) -> Result<(), Refusal> {
        let full = || self.table.lock().len() >= self.most;
        if full() {
            self.tidy();
            if full() {
                return Err(Refusal::too_many("nodes", self.most));
            }
        }
        self.table.lock().insert(name.to_owned(), node.clone());
        Ok(())
    }

    /// How many messages are held, by the names of the nodes that hold any.
    pub(crate) fn held(&self) -> BTreeMap<String, usize> {
        let table = self.table.lock();
        let held = table.iter().map(|(name, node)| (name.clone(), node.held()));
        held.filter(|(_, held)| *held > 0).collect()
    }

    /// Drops what has expired, and the nodes that nobody uses and nothing is in.
    pub(crate) fn tidy(&self) {
        self.table.lock().retain(|name, node| name.starts_with(DYNAMIC) || !node.is_idle());
    }
}

/// A node that lives as long as the link that asked for it.
#[derive(Debug)]
pub(crate) struct DynamicNode {
    nodes: Arc<Nodes>,
    queue: Arc<Queue>,
}

impl DynamicNode {
    pub(crate) fn name(&self) -> &str {
        self.queue.name()
    }

    pub(crate) fn node(&self) -> Node {
        Node::Queue(Arc::clone(&self.queue))
    }
}

impl Drop for DynamicNode {
    fn drop(&mut self) {
        self.nodes.table.lock().remove(self.queue.name());
        self.queue.deleted.cancel();
    }
}

use std::fmt;
use std::sync::Arc;

use busway_core::notify::Priority;

/// What a queue is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// The servers of a topic share it.
    Topic,
    /// One server.
    Server(Arc<str>),
    /// The copies of fan-outs for one listener.
    Fanout(u64),
    /// Notifications, for the listeners without a pool.
    Notifications(Priority),
    /// Notifications, for the listeners of a pool.
    Pool(Priority, Arc<str>),
}

/// The name of a queue, written as `EXCHANGE/TOPIC`, with what else there is: `TOPIC.SERVER`,
/// `TOPIC_fanout_ID`, `TOPIC.PRIORITY`, `TOPIC.PRIORITY@POOL`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct QueueName {
    pub(crate) exchange: Arc<str>,
    pub(crate) topic: Arc<str>,
    pub(crate) role: Role,
}

impl QueueName {
    /// Whether a message for nobody is undeliverable; otherwise it is stored.
    pub(super) fn is_mandatory(&self) -> bool {
        !matches!(self.role, Role::Notifications(_) | Role::Pool(..))
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.exchange, self.topic)?;
        match &self.role {
            Role::Topic => Ok(()),
            Role::Server(server) => write!(f, ".{server}"),
            Role::Fanout(id) => write!(f, "_fanout_{id}"),
            Role::Notifications(priority) => write!(f, ".{priority}"),
            Role::Pool(priority, pool) => write!(f, ".{priority}@{pool}"),
        }
    }
}

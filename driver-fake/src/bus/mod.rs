//! The bus itself: exchanges, queues, whose turn it is, and what is kept until acknowledged.
//!
//! Nothing here knows a transport's faults or the contract of a driver.

mod core;
mod counters;
mod handle;
mod inspect;
mod message;
mod name;
mod notifications;
mod queue;
mod registry;
mod ticket;
mod topics;
mod turns;
mod unsettled;

pub use counters::Counters;
pub use handle::Bus;
pub use inspect::QueueStats;

pub(crate) use self::core::Core;
pub(crate) use message::{Body, Message};
pub(crate) use queue::{NoRoom, Queue, Room, Taken};
pub(crate) use registry::Lease;
pub(crate) use ticket::Ticket;
pub(crate) use turns::Consumer;

/// How queues are declared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueSettings {
    /// How many messages a queue holds at most.
    pub(crate) capacity: usize,
}

//! What messages are sent to and taken from: queues, topics, and the table of their names.
//!
//! Nothing here knows of links or frames: a message is put in with [`Node::put`], and taken by a
//! [`Subscription`] that says how many more it has room for.

mod message;
mod names;
mod patterns;
mod queue;
mod ready;
mod refusal;
mod subscription;
mod topic;

pub(crate) use message::Stored;
pub(crate) use names::{DynamicNode, Node, Nodes};
pub(crate) use patterns::{Kind, Patterns};
pub(crate) use queue::{Bounds, Outcome};
pub(crate) use refusal::Refusal;
pub(crate) use subscription::{Subscription, Taken};

//! Consuming: a subscription that survives the loss of its connection, acknowledgements in
//! batches.

mod acks;
mod batch;
mod consumers;
mod function;
mod part;
mod subscription;

pub(crate) use acks::{Acks, Settle};
pub(crate) use batch::{Batches, Unreadable};
pub(crate) use subscription::{Consuming, Message, Settling, Subscription, consume_with};

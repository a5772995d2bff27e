use std::sync::Arc;

use super::message::Body;
use super::queue::Queue;
use super::unsettled::Tag;

/// The right to settle one delivery; dropping it gives the message back.
#[derive(Debug)]
pub(crate) struct Ticket<B: Body> {
    queue: Arc<Queue<B>>,
    tag: Option<Tag>,
}

impl<B: Body> Ticket<B> {
    pub(super) fn new(queue: Arc<Queue<B>>, tag: Tag) -> Self {
        Self { queue, tag: Some(tag) }
    }

    /// The message has arrived, for good. False when the bus had taken it back already.
    pub(crate) fn settle(mut self) -> bool {
        self.tag.take().is_some_and(|tag| self.queue.settle(tag))
    }
}

impl<B: Body> Drop for Ticket<B> {
    fn drop(&mut self) {
        if let Some(tag) = self.tag.take() {
            self.queue.give_back(tag);
        }
    }
}

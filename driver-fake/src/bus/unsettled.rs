use slab::Slab;

use super::message::Message;

/// What was handed over and not yet acknowledged: the bus keeps a copy, to deliver it again.
#[derive(Debug)]
pub(super) struct Unsettled<B> {
    entries: Slab<Entry<B>>,
    next_tag: u64,
}

#[derive(Debug)]
struct Entry<B> {
    tag: u64,
    consumer: u64,
    message: Message<B>,
}

/// Names one delivery of one message: AMQP's delivery tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    key: usize,
    tag: u64,
}

impl<B> Unsettled<B> {
    pub(super) fn new() -> Self {
        Self { entries: Slab::new(), next_tag: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn insert(&mut self, consumer: u64, message: Message<B>) -> Tag {
        let tag = self.next_tag;
        self.next_tag += 1;
        Tag { key: self.entries.insert(Entry { tag, consumer, message }), tag }
    }

    /// The message of a delivery, unless it was settled or taken back before.
    pub(super) fn remove(&mut self, tag: Tag) -> Option<Message<B>> {
        self.entries.get(tag.key).filter(|entry| entry.tag == tag.tag)?;
        Some(self.entries.remove(tag.key).message)
    }

    /// All that a consumer has in its hands.
    pub(super) fn remove_all(&mut self, consumer: u64) -> Vec<Message<B>> {
        let entries = self.entries.iter();
        let keys: Vec<_> =
            entries.filter(|(_, entry)| entry.consumer == consumer).map(|(key, _)| key).collect();
        keys.into_iter().map(|key| self.entries.remove(key).message).collect()
    }
}

use std::collections::HashSet;
use std::fmt;
use std::future::ready;

use busway_core::Result;
use futures_util::stream::{BoxStream, SelectAll, once};
use futures_util::{FutureExt, StreamExt};
use lapin::Channel;
use lapin::message::Delivery;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions};
use lapin::types::{FieldTable, ShortString};

use crate::connect::describe;
use crate::names::hex_id;
use crate::topology::Queue;

/// The consumers of one channel, one for each queue.
#[derive(Default)]
pub(super) struct Consumers {
    tags: Vec<ShortString>,
    /// What comes, and `None` at the end of each.
    deliveries: SelectAll<BoxStream<'static, Option<Delivery>>>,
    /// Whether the end of one was seen, and not told yet.
    ended: bool,
}

impl Consumers {
    /// Consumes the queues, each once: a pool's queue is bound to many keys.
    pub(super) async fn start(channel: &Channel, queues: &[Queue], no_ack: bool) -> Result<Self> {
        let options = BasicConsumeOptions { no_ack, ..BasicConsumeOptions::default() };
        let mut consumers = Self::default();
        let mut consumed = HashSet::new();
        for queue in queues.iter().filter(|queue| consumed.insert(&queue.name)) {
            let tag = format!("ctag1.{}", hex_id());
            let (name, tag) = (queue.name.as_str().into(), tag.into());
            let consuming = channel.basic_consume(name, tag, options, FieldTable::default());
            let named = |error: lapin::Error| describe(&error).with("queue", &queue.name);
            let started = consuming.await.map_err(named)?;
            consumers.tags.push(started.tag());
            let deliveries = started.map(std::result::Result::ok).chain(once(ready(None)));
            consumers.deliveries.push(deliveries.boxed());
        }
        Ok(consumers)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// The next delivery; `None` when a consumer has ended: its queue was deleted, which the
    /// broker does not say otherwise, or the channel is gone.
    pub(super) async fn next(&mut self) -> Option<Delivery> {
        if self.ended {
            return None;
        }
        self.deliveries.next().await.flatten()
    }

    /// A delivery that has come already. The end of a consumer is left to [`next`](Self::next).
    pub(super) fn ready(&mut self) -> Option<Delivery> {
        if self.ended {
            return None;
        }
        let ready = self.deliveries.next().now_or_never()?.flatten();
        self.ended = ready.is_none();
        ready
    }

    /// Cancels them, and returns what was on its way.
    pub(super) async fn cancel(self, channel: &Channel) -> Vec<Delivery> {
        for tag in self.tags {
            // A consumer that is gone already needs no cancelling.
            let _ = channel.basic_cancel(tag, BasicCancelOptions::default()).await;
        }
        self.deliveries.filter_map(ready).collect().await
    }
}

impl fmt::Debug for Consumers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumers").field("tags", &self.tags).finish_non_exhaustive()
    }
}

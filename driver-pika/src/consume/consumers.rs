use std::collections::HashSet;
use std::fmt;
use std::future::{poll_fn, ready};
use std::task::{Context, Poll, Waker};

use busway_core::Result;
use futures_util::StreamExt;
use futures_util::stream::{Fuse, iter};
use lapin::message::Delivery;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};

use crate::connect::describe;
use crate::names::hex_id;
use crate::topology::Queue;

/// The consumers of one channel, one for each queue.
#[derive(Default)]
pub(super) struct Consumers {
    sources: Vec<Fuse<Consumer>>,
    /// Whose turn it is.
    turn: usize,
    /// Whether the end of one was seen, and not told yet.
    ended: bool,
}

impl Consumers {
    /// Consumes the queues, each once: a pool's queue is bound to many keys.
    pub(super) async fn start(channel: &Channel, queues: &[Queue], no_ack: bool) -> Result<Self> {
        let options = BasicConsumeOptions { no_ack, ..BasicConsumeOptions::default() };
        let mut sources = Vec::new();
        let mut consumed = HashSet::new();
        for queue in queues.iter().filter(|queue| consumed.insert(&queue.name)) {
            let tag = format!("ctag1.{}", hex_id());
            let (name, tag) = (queue.name.as_str().into(), tag.into());
            let consuming = channel.basic_consume(name, tag, options, FieldTable::default());
            let named = |error: lapin::Error| describe(&error).with("queue", &queue.name);
            sources.push(consuming.await.map_err(named)?.fuse());
        }
        Ok(Self { sources, turn: 0, ended: false })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The next delivery; `None` when a consumer has ended: its queue was deleted, which the
    /// broker does not say otherwise, or the channel is gone.
    ///
    /// Each time it begins with another consumer, so that none is left out.
    pub(super) async fn next(&mut self) -> Option<Delivery> {
        if self.ended {
            return None;
        }
        self.turn = (self.turn + 1) % self.sources.len().max(1);
        poll_fn(|cx| self.poll(cx)).await
    }

    /// A delivery that has come already. The end of a consumer is left to [`next`](Self::next).
    pub(super) fn ready(&mut self) -> Option<Delivery> {
        if self.ended {
            return None;
        }
        match self.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ready) => {
                self.ended = ready.is_none();
                ready
            }
            Poll::Pending => None,
        }
    }

    /// Asks each of them once, the one first that was last to have something.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let count = self.sources.len();
        for turn in (self.turn..count).chain(0..self.turn) {
            if let Poll::Ready(ready) = self.sources[turn].poll_next_unpin(cx) {
                self.turn = turn;
                return Poll::Ready(ready.and_then(std::result::Result::ok));
            }
        }
        Poll::Pending
    }

    /// Cancels them, and returns what was on its way.
    pub(super) async fn cancel(self, channel: &Channel) -> Vec<Delivery> {
        for consumer in &self.sources {
            // A consumer that is gone already needs no cancelling.
            let tag = consumer.get_ref().tag();
            let _ = channel.basic_cancel(tag, BasicCancelOptions::default()).await;
        }
        let rest = iter(self.sources).flatten();
        rest.filter_map(|delivery| ready(delivery.ok())).collect().await
    }
}

impl fmt::Debug for Consumers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumers").field("count", &self.sources.len()).finish_non_exhaustive()
    }
}

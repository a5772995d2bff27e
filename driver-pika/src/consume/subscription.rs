use std::sync::Arc;
use std::time::Duration;

use busway_core::{Error, ErrorKind, Result};
use lapin::message::Delivery;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::DropGuard;

use super::part::{Out, Part};
use super::{Acks, Settle};
use crate::link::Link;
use crate::topology::Queue;

/// What is consumed on one channel.
#[derive(Clone, Debug)]
pub(crate) struct Consuming {
    pub(crate) exchange: String,
    pub(crate) durable: bool,
    pub(crate) queues: Vec<Queue>,
    pub(crate) no_ack: bool,
    pub(crate) prefetch: u16,
    /// How long to wait after a failure before setting it up again.
    pub(crate) retry_delay: Duration,
}

/// A delivery, and the way to settle it.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) delivery: Delivery,
    /// When it came: the time that remains for it counts from here, however long it then waits.
    pub(crate) arrived: Instant,
    pub(crate) settling: Settling,
}

/// The way to settle a delivery, where the broker waits for that.
#[derive(Debug)]
pub(crate) struct Settling {
    tag: u64,
    acks: Option<Acks>,
}

impl Message {
    pub(super) fn new(delivery: Delivery, acks: Option<&Acks>) -> Self {
        let settling = Settling { tag: delivery.delivery_tag, acks: acks.cloned() };
        Self { delivery, arrived: Instant::now(), settling }
    }

    /// As [`Settling::settle`].
    pub(crate) fn settle(&self, how: Settle) -> bool {
        self.settling.settle(how)
    }
}

impl Settling {
    /// Whether the broker waits for it.
    pub(crate) fn is_needed(&self) -> bool {
        self.acks.is_some()
    }

    /// Settles the delivery; whether its channel is still there to be told.
    pub(crate) fn settle(&self, how: Settle) -> bool {
        self.acks.as_ref().is_none_or(|acks| acks.settle(self.tag, how))
    }
}

/// A subscription that is set up again after each loss, until it is stopped or dropped.
#[derive(Debug)]
pub(crate) struct Subscription {
    messages: mpsc::Receiver<Message>,
    /// The tasks of the channels are the link's: told to stop, they settle first what is still
    /// being handled.
    stop: DropGuard,
}

impl Subscription {
    /// Subscribes; when it returns, messages that are sent are received.
    pub(crate) async fn start(link: Arc<Link>, parts: Vec<Consuming>) -> Result<Self> {
        let capacity = parts.iter().map(|part| usize::from(part.prefetch).max(1)).sum();
        let (sender, messages) = mpsc::channel(capacity);
        let stop = start(link, parts, &Out::Queue(sender), &watch::Sender::new(None)).await?;
        Ok(Self { messages, stop })
    }

    /// What brings those messages, without any channel.
    #[cfg(test)]
    pub(super) fn of(messages: mpsc::Receiver<Message>) -> Self {
        Self { messages, stop: tokio_util::sync::CancellationToken::new().drop_guard() }
    }

    /// The messages that are there, once there is one; none when it has ended.
    pub(crate) async fn next(&mut self, max: usize) -> Vec<Message> {
        let mut batch = Vec::new();
        self.messages.recv_many(&mut batch, max.max(1)).await;
        batch
    }

    /// Takes a message if one is there.
    pub(crate) fn try_next(&mut self) -> Option<Message> {
        self.messages.try_recv().ok()
    }

    /// Takes nothing more; what was taken can still be settled.
    pub(crate) fn stop(&self) {
        self.stop.token().cancel();
    }
}

/// Consumes, and gives each delivery to a function, which is done with it when it returns; tells
/// each time it is set up (by a fresh number) and lost. It ends when the guard is dropped.
pub(crate) async fn consume_with(
    link: Arc<Link>,
    consuming: Consuming,
    up: &watch::Sender<Option<u64>>,
    take: impl Fn(Delivery) + Send + Sync + 'static,
) -> Result<DropGuard> {
    start(link, vec![consuming], &Out::Function(Arc::new(take)), up).await
}

/// Starts a task for each part; returns when all are set up.
async fn start(
    link: Arc<Link>,
    parts: Vec<Consuming>,
    out: &Out,
    up: &watch::Sender<Option<u64>>,
) -> Result<DropGuard> {
    let stop = link.stopping().child_token();
    let mut first = Vec::new();
    for consuming in parts {
        let (ready, set_up) = oneshot::channel();
        let (link, out, stop, up) = (link.clone(), out.clone(), stop.clone(), up.clone());
        let tasks = link.tasks().clone();
        tasks.spawn(Part { consuming, link, out, stop, up }.run(ready));
        first.push(set_up);
    }
    let stop = stop.drop_guard();
    for set_up in first {
        set_up
            .await
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Closed, "the transport is closed")))?;
    }
    Ok(stop)
}

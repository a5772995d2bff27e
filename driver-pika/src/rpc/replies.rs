//! The reply queue of a transport, and those who wait for replies.

use std::collections::HashMap;
use std::sync::Arc;

use busway_core::driver::Outcome;
use busway_core::{Error, ErrorKind, Limits, Payload, Result};
use lapin::message::Delivery;
use lapin::types::ShortString;
use parking_lot::Mutex;
use tokio::sync::{OnceCell, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::body::decode_reply;
use crate::consume::{Consuming, consume_with};
use crate::link::{Link, closed, unless_closed};
use crate::names;
use crate::properties;
use crate::side::Side;
use crate::topology::Queue;

type Waiters = Arc<Mutex<HashMap<String, oneshot::Sender<Result<Outcome>>>>>;

/// The replies of a transport: one queue, consumed before the first call, declared again after a
/// loss; each reply goes to the call whose correlation id it repeats.
#[derive(Debug)]
pub(crate) struct Replies {
    queue: Arc<str>,
    waiters: Waiters,
    link: Arc<Link>,
    /// Started by the first call.
    receiver: OnceCell<DropGuard>,
    consuming: Consuming,
    limits: Limits,
    /// Cancelled when the transport is closed.
    closed: CancellationToken,
    /// The number of the connection that brings replies, while there is one.
    up: watch::Sender<Option<u64>>,
}

/// One call that waits; forgotten when dropped.
pub(crate) struct Waiting {
    correlation_id: String,
    waiters: Waiters,
    reply: oneshot::Receiver<Result<Outcome>>,
}

impl Waiting {
    /// The reply. Cancel safe.
    pub(crate) async fn reply(&mut self) -> Result<Payload> {
        match (&mut self.reply).await {
            Ok(outcome) => outcome?.map_err(Error::from),
            Err(_) => Err(closed()),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.waiters.lock().remove(&self.correlation_id);
    }
}

impl Replies {
    pub(crate) fn new(side: &Side, project: &str) -> Self {
        let options = &side.options;
        let queue: Arc<str> = names::reply_queue(project, &crate::program_name()).into();
        let declared = Queue {
            name: queue.to_string(),
            routing_key: queue.to_string(),
            durable: false,
            expires: Some(*options.rpc_queue_expiration),
        };
        Self {
            queue,
            waiters: Waiters::default(),
            link: side.consuming().clone(),
            receiver: OnceCell::new(),
            consuming: Consuming {
                exchange: options.rpc_reply_exchange.clone(),
                durable: false,
                queues: vec![declared],
                no_ack: false,
                prefetch: options.rpc_reply_listener_prefetch_count,
                retry_delay: *options.rpc_reply_retry_delay,
            },
            limits: side.limits,
            closed: side.closed.clone(),
            up: watch::Sender::new(None),
        }
    }

    /// The name of the reply queue.
    pub(crate) fn queue(&self) -> &Arc<str> {
        &self.queue
    }

    /// Waits for the reply with that correlation id, from now on.
    pub(crate) fn wait_for(&self, correlation_id: &str) -> Waiting {
        let (sender, reply) = oneshot::channel();
        self.waiters.lock().insert(correlation_id.to_owned(), sender);
        Waiting { correlation_id: correlation_id.to_owned(), waiters: self.waiters.clone(), reply }
    }

    /// Waits until replies are received, and returns the number of the connection that brings
    /// them.
    pub(crate) async fn ready(&self, deadline: Instant) -> Result<u64> {
        if let Some(number) = *self.up.borrow() {
            return Ok(number);
        }
        // Boxed, so that those who come later stay small.
        let starting = Box::pin(unless_closed(&self.closed, async {
            self.receiver.get_or_try_init(|| self.start()).await?;
            let mut up = self.up.subscribe();
            let number = up.wait_for(Option::is_some).await.ok().and_then(|number| *number);
            number.ok_or_else(closed)
        }));
        tokio::time::timeout_at(deadline, starting).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout, "the reply queue was not there in time"))
        })
    }

    /// Waits until the connection of that number no longer brings replies.
    pub(crate) async fn lost(&self, number: u64) {
        // The sender lives as long as this.
        let _ = self.up.subscribe().wait_for(|now| *now != Some(number)).await;
    }

    async fn start(&self) -> Result<DropGuard> {
        let (waiters, limits) = (self.waiters.clone(), self.limits);
        let take = move |reply| answer(&waiters, &reply, &limits);
        consume_with(self.link.clone(), self.consuming.clone(), &self.up, take).await
    }

    /// Ends every wait.
    pub(crate) fn close(&self) {
        self.waiters.lock().clear();
    }
}

/// Gives a reply to the call that waits for it.
fn answer(waiters: &Waiters, reply: &Delivery, limits: &Limits) {
    let id = reply.properties.correlation_id().as_ref().map(ShortString::as_str);
    if let Some(waiter) = id.and_then(|id| waiters.lock().remove(id)) {
        // A caller that gave up meanwhile no longer listens.
        drop(waiter.send(read(reply, limits)));
    } else {
        tracing::debug!("a reply that nobody waits for is dropped");
        busway_core::metrics::dropped(crate::SYSTEM, "unexpected");
    }
}

fn read(reply: &Delivery, limits: &Limits) -> Result<Outcome> {
    decode_reply(&properties::read(&reply.properties, &reply.data, limits)?)
}

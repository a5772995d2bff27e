//! What a listener receives, from several links at once.

use std::sync::Arc;
use std::time::Duration;
use std::vec;

use busway_core::Result;
use fe2o3_amqp::link::delivery::DeliveryInfo;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::bus::Bus;
use super::receiver::{Out, Part, Receiving};
use super::settles::{Settle, Settles};
use crate::wire::{Arrived, Destination};

/// How long setting up a subscription may take, the first time.
const SETUP_TIMEOUT: Duration = Duration::from_secs(30);

/// A message that arrived; released when dropped unsettled.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) arrived: Arrived,
    /// None when the peer sent it settled: it cannot be given back.
    info: Option<DeliveryInfo>,
    settles: Settles,
    done: bool,
}

impl Message {
    pub(super) fn new(arrived: Arrived, info: Option<DeliveryInfo>, settles: Settles) -> Self {
        Self { arrived, info, settles, done: false }
    }

    /// Whether the peer waits to hear what becomes of it.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.info.is_some()
    }

    /// Until it is dropped the link that brought the message does not end in order.
    pub(crate) fn hold(&self) -> Hold {
        Hold { _settles: self.settles.clone() }
    }

    /// Settles it, once; `false` when the link that brought it is gone.
    pub(crate) fn settle(&mut self, how: Settle) -> bool {
        if self.done {
            return true;
        }
        self.done = true;
        self.settles.tell((self.info.take(), how))
    }
}

/// Something is still to be done about a message.
#[derive(Debug)]
pub(crate) struct Hold {
    _settles: Settles,
}

impl Drop for Message {
    fn drop(&mut self) {
        self.settle(Settle::Release);
    }
}

/// The messages of several links.
#[derive(Debug)]
pub(crate) struct Subscription {
    bursts: mpsc::UnboundedReceiver<Vec<Message>>,
    /// What is left of the last burst.
    burst: vec::IntoIter<Message>,
    stop: DropGuard,
}

impl Subscription {
    /// Attaches a link for each address; returns when all are up.
    pub(crate) async fn start(bus: &Bus, addresses: Vec<Destination>, credit: u32) -> Result<Self> {
        // As long as the credits of its links together.
        let (out, bursts) = mpsc::unbounded_channel();
        let stop = bus.stopping().child_token();
        let burst = Vec::new().into_iter();
        let subscription = Self { bursts, burst, stop: stop.clone().drop_guard() };
        let mut setting_up = Vec::with_capacity(addresses.len());
        for address in addresses {
            let receiving = Receiving { credit, out: Out::Queue(out.clone()) };
            setting_up.push(spawn(bus, address, receiving, stop.clone()));
        }
        let all = async {
            for ready in setting_up {
                ready.await.unwrap_or_else(|_| Err(super::words::closed()))?;
            }
            Ok(())
        };
        tokio::time::timeout(SETUP_TIMEOUT, all).await.unwrap_or_else(|_| {
            Err(bus.late("the peer did not set up the subscription in time"))
        })?;
        Ok(subscription)
    }

    /// Waits for a message; `false` once there will be none. Cancel safe.
    pub(crate) async fn ready(&mut self) -> bool {
        while self.came_together() == 0 {
            let Some(burst) = self.bursts.recv().await else { return false };
            self.burst = burst.into_iter();
        }
        true
    }

    /// How many messages came with the next one, and itself.
    pub(crate) fn came_together(&self) -> usize {
        self.burst.as_slice().len()
    }

    /// A message that is there already.
    pub(crate) fn try_next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.burst.next() {
                return Some(message);
            }
            self.burst = self.bursts.try_recv().ok()?.into_iter();
        }
    }

    /// Takes nothing more; what is under way still comes, or goes back.
    pub(crate) fn stop(&self) {
        self.stop_token().cancel();
    }

    fn stop_token(&self) -> &CancellationToken {
        self.stop.token()
    }
}

fn spawn(
    bus: &Bus,
    address: Destination,
    receiving: Receiving,
    stop: CancellationToken,
) -> oneshot::Receiver<Result<()>> {
    let (ready, waiting) = oneshot::channel();
    let part = Part { address, receiving, stop, line: Arc::clone(bus.line()) };
    bus.spawn(part.run(ready));
    waiting
}

//! A link on which a peer sends and the broker receives.

use std::pin::pin;
use std::sync::Arc;

use fe2o3_amqp::link::CreditMode;
use fe2o3_amqp::link::delivery::DeliveryInfo;
use fe2o3_amqp::types::messaging::Body;
use fe2o3_amqp::types::primitives::Value;
use fe2o3_amqp::{Delivery, Receiver};
use futures_util::FutureExt;
use tokio::sync::{Notify, watch};

use super::{Ends, close, error};
use crate::nodes::{Node, Nodes, Refusal, Stored};

/// How many messages are taken in a row before they are acknowledged together.
const ROW: usize = 64;

/// Where the messages of a link go.
#[derive(Debug)]
pub(super) enum Way {
    /// Into the node of the link's target.
    To { node: Node, address: String },
    /// Where each message says (the anonymous terminus).
    Anonymous,
}

/// A link on which a peer sends.
#[derive(Debug)]
pub(crate) struct Producer {
    receiver: Receiver,
    way: Way,
    nodes: Arc<Nodes>,
    window: u32,
    /// Whether the peer was given credit: until then the engine counts some that the tap held
    /// back.
    has_given: bool,
    /// Whether the broker gives no more credit.
    withheld: watch::Receiver<bool>,
}

/// Why a link is to be closed, or nothing when the peer has ended it.
type Ended = Option<Refusal>;

impl Producer {
    pub(super) fn new(
        mut receiver: Receiver,
        way: Way,
        nodes: Arc<Nodes>,
        window: u32,
        withheld: watch::Receiver<bool>,
    ) -> Self {
        receiver.set_credit_mode(CreditMode::Manual);
        Self { receiver, way, nodes, window, has_given: false, withheld }
    }

    pub(super) async fn run(mut self, ends: Ends) {
        let ended = tokio::select! {
            why = ends.why() => Some(why),
            ended = self.receive() => ended,
        };
        match ended {
            Some(refusal) => close(self.receiver.close_with_error(error(refusal))).await,
            None => close(self.receiver.close()).await,
        }
    }

    /// Takes messages until the link ends. Cancel safe between two messages, and when it is
    /// cancelled for good.
    async fn receive(&mut self) -> Ended {
        let never = Arc::new(Notify::new());
        let room = match &self.way {
            Way::To { node, .. } => Arc::clone(node.room()),
            Way::Anonymous => never,
        };
        loop {
            let mut more_room = pin!(room.notified());
            more_room.as_mut().enable();
            let withheld = *self.withheld.borrow_and_update();
            if !withheld && self.give_credit().await.is_err() {
                return None;
            }
            let delivery = tokio::select! {
                why = deleted(&self.way) => return Some(why),
                () = more_room => continue,
                Ok(()) = self.withheld.changed() => continue,
                delivery = self.receiver.recv::<Body<Value>>() => delivery,
            };
            let Ok(delivery) = delivery else { return None };
            if self.row(delivery).await.is_err() {
                return None;
            }
        }
    }

    /// Gives the peer as much credit as there is room, up to the window, and never less than it
    /// has: what is on its way would be too much then.
    async fn give_credit(&mut self) -> Result<(), ()> {
        let has = if self.has_given { self.receiver.credit() } else { 0 };
        if has > self.window / 2 {
            return Ok(());
        }
        let free = match &self.way {
            Way::To { node, .. } => u32::try_from(node.free()).unwrap_or(u32::MAX),
            Way::Anonymous => u32::MAX,
        };
        let gives = self.window.min(free);
        if gives <= has {
            return Ok(());
        }
        self.has_given = true;
        self.receiver.set_credit(gives).await.map_err(drop)
    }

    /// Takes a message and those right behind it.
    async fn row(&mut self, first: Delivery<Body<Value>>) -> Result<(), ()> {
        let mut accepted = Vec::new();
        let mut next = Some(first);
        while let Some(delivery) = next {
            let format = delivery.message_format().unwrap_or(0);
            let (info, message) = delivery.into_parts();
            match self.put(Stored::new(message, format)) {
                Ok(()) => accepted.push(info),
                Err(refusal) => self.reject(info, refusal).await?,
            }
            next = if accepted.len() < ROW {
                self.receiver.recv().now_or_never().transpose().map_err(drop)?
            } else {
                None
            };
        }
        if accepted.is_empty() {
            return Ok(());
        }
        self.receiver.accept_all(accepted).await.map_err(drop)
    }

    fn put(&self, stored: Stored) -> Result<(), Refusal> {
        match &self.way {
            Way::To { node, .. } => node.put(stored),
            Way::Anonymous => {
                let to = stored.to().ok_or_else(|| {
                    Refusal::invalid("a message to the anonymous terminus needs `to`")
                })?;
                self.nodes.get(to)?.put(stored)
            }
        }
    }

    async fn reject(&self, info: DeliveryInfo, refusal: Refusal) -> Result<(), ()> {
        tracing::debug!(?refusal, "a message is rejected");
        self.receiver.reject(info, Some(refusal.into())).await.map_err(drop)
    }
}

/// Why the link has lost its node, once it has.
async fn deleted(way: &Way) -> Refusal {
    if let Way::To { node, address } = way
        && let Some(deleted) = node.deleted()
    {
        deleted.cancelled().await;
        return Refusal::node_deleted(address);
    }
    std::future::pending().await
}

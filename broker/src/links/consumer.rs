//! A link on which the broker sends and a peer receives.

use std::sync::Arc;

use fe2o3_amqp::Sender;
use fe2o3_amqp::link::SendError;
use fe2o3_amqp::link::delivery::Sendable;
use fe2o3_amqp::types::messaging::Outcome as Said;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use super::{Ends, close, error};
use crate::nodes::{DynamicNode, Outcome, Refusal, Subscription, Taken};
use crate::tap::LinkTap;

/// How many deliveries may wait in the engine to leave. More would be memory that nothing bounds:
/// the engine keeps what a closed window of the peer's session holds back.
const WAITING: u32 = 64;

/// A link on which a peer receives.
#[derive(Debug)]
pub(crate) struct Consumer {
    sender: Sender,
    subscription: Subscription,
    dynamic: Option<DynamicNode>,
    tap: Arc<LinkTap>,
    /// Whether the peer wants everything settled already.
    settled: bool,
}

/// What becomes of a delivery: what settles it, and what the peer said, if it did.
type Settling = FuturesUnordered<futures_util::future::BoxFuture<'static, (u64, Option<Said>)>>;

/// Why a link is to be closed, or nothing when the peer has ended it.
type Ended = Option<Refusal>;

impl Consumer {
    pub(super) fn new(
        sender: Sender,
        subscription: Subscription,
        dynamic: Option<DynamicNode>,
        tap: Arc<LinkTap>,
        settled: bool,
    ) -> Self {
        Self { sender, subscription, dynamic, tap, settled }
    }

    pub(super) async fn run(mut self, ends: Ends) {
        let mut settling = Settling::new();
        let ended = tokio::select! {
            why = ends.why() => Some(why),
            ended = self.deliver(&mut settling) => ended,
        };
        // What the peer said before the link ended counts.
        while let Some(Some((order, said))) = settling.next().now_or_never() {
            self.settle(order, said);
        }
        // The rest goes back before the peer hears that the link is closed.
        drop(self.subscription);
        drop(self.dynamic);
        match ended {
            Some(refusal) => close(self.sender.close_with_error(error(refusal))).await,
            None => close(self.sender.close()).await,
        }
    }

    /// Delivers until the link ends.
    async fn deliver(&mut self, settling: &mut Settling) -> Ended {
        loop {
            self.offer();
            if let Some(taken) = self.next() {
                if self.send(taken, settling).await.is_err() {
                    return None;
                }
                continue;
            }
            tokio::select! {
                () = self.subscription.deleted().cancelled() => {
                    return Some(Refusal::node_deleted(self.subscription.name()));
                }
                _ = self.sender.on_detach() => return None,
                Some((order, said)) = settling.next() => self.settle(order, said),
                () = self.tap.changed.notified() => {}
            }
        }
    }

    /// Tells the queue how many messages may come.
    fn offer(&self) {
        let waiting = WAITING.saturating_sub(self.tap.waiting());
        let capacity = self.tap.credit().min(waiting);
        self.subscription.offer(capacity as usize);
    }

    fn next(&self) -> Option<Taken> {
        self.subscription.take(self.settled)
    }

    async fn send(&mut self, taken: Taken, settling: &mut Settling) -> Result<(), SendError> {
        let Taken { order, stored, failed, first } = taken;
        let sendable = Sendable::builder()
            .message(stored.outgoing(failed, first))
            .message_format(stored.format())
            .settled(self.settled)
            .build();
        self.tap.hand_over();
        let delivery = self.sender.send_batchable(sendable).await?;
        if !self.settled {
            settling.push(async move { (order, delivery.await.ok()) }.boxed());
        }
        Ok(())
    }

    /// Settles as the peer said; without a word from it the message stays with the link, and goes
    /// back when that ends.
    fn settle(&self, order: u64, said: Option<Said>) {
        let outcome = match said {
            Some(Said::Accepted(_) | Said::Rejected(_)) => Outcome::Done,
            Some(Said::Released(_)) => Outcome::Released,
            Some(Said::Modified(modified)) => Outcome::Modified {
                failed: modified.delivery_failed.unwrap_or(false),
                not_here: modified.undeliverable_here.unwrap_or(false),
                annotations: modified.message_annotations,
            },
            None => return,
        };
        self.subscription.settle(order, outcome);
    }
}

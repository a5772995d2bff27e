//! What becomes of messages, told to the link that brought them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use busway_core::{Error, ErrorKind, Result};
use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::DispositionError;
use fe2o3_amqp::link::delivery::DeliveryInfo;
use fe2o3_amqp::types::definitions::{self, AmqpError};
use fe2o3_amqp::types::messaging::Modified;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settle {
    /// It arrived, for good: accepted.
    Accept,
    /// It goes back, as if it had not been delivered: released.
    Release,
    /// It goes back, and counts as delivered before: modified, delivery-failed.
    Redeliver,
    /// Nobody here wants it: modified, delivery-failed and undeliverable-here.
    Unwanted,
    /// It cannot be understood: rejected.
    Reject,
}

/// A message, unless it came settled, and what becomes of it.
pub(super) type Fate = (Option<DeliveryInfo>, Settle);

/// Where those who have messages tell what becomes of them.
#[derive(Clone, Debug)]
pub(super) struct Settles {
    fates: mpsc::UnboundedSender<Fate>,
    bell: Arc<Bell>,
}

/// What was told, for the link.
#[derive(Debug)]
pub(super) struct Told {
    fates: mpsc::UnboundedReceiver<Fate>,
    bell: Arc<Bell>,
}

/// Up to how many messages handed over together their outcomes do not wait for one another: so few
/// do not pay for the task that would ring for them.
const FEW: usize = 8;

/// Wakes the link: once for all that is told in one turn of the tasks, as to wake another thread
/// costs more than what most handlers do; nobody waits for an outcome.
#[derive(Debug)]
struct Bell {
    /// So many are not kept waiting.
    many: u32,
    waiting: AtomicU32,
    /// Whether few messages were handed over together last.
    few: AtomicBool,
    /// Whether it is going to ring.
    is_due: AtomicBool,
    rings: Notify,
}

/// Where it is told, and where it is heard once `many` are told or a turn of the tasks is over.
pub(super) fn settles(many: u32) -> (Settles, Told) {
    let (sender, fates) = mpsc::unbounded_channel();
    let (waiting, few, is_due, rings) = Default::default();
    let bell = Arc::new(Bell { many, waiting, few, is_due, rings });
    (Settles { fates: sender, bell: bell.clone() }, Told { fates, bell })
}

impl Settles {
    /// Tells it; `false` when the link is gone.
    pub(super) fn tell(&self, fate: Fate) -> bool {
        let told = self.fates.send(fate).is_ok();
        self.bell.ring_soon();
        told
    }
}

impl Told {
    /// So many messages are handed over together.
    pub(super) fn expect(&self, messages: usize) {
        self.bell.few.store(messages <= FEW, Ordering::Relaxed);
    }

    /// Waits until something is told. Cancel safe.
    pub(super) async fn any(&self) {
        self.bell.rings.notified().await;
    }

    /// What was told by now and not taken.
    pub(super) fn next(&mut self) -> Option<Fate> {
        self.bell.waiting.store(0, Ordering::Relaxed);
        self.fates.try_recv().ok()
    }

    /// What is told next, at once; none when there is nobody left to tell. Cancel safe.
    pub(super) async fn last(&mut self) -> Option<Fate> {
        self.fates.recv().await
    }
}

impl Bell {
    fn ring_soon(self: &Arc<Self>) {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        if waiting >= self.many || self.few.load(Ordering::Relaxed) {
            self.rings.notify_one();
        } else if !self.is_due.swap(true, Ordering::AcqRel) {
            let ringing = Ringing(self.clone());
            // Elsewhere than on a runtime it rings at once, and so where none runs any more.
            if let Ok(runtime) = Handle::try_current() {
                runtime.spawn(async move {
                    tokio::task::yield_now().await;
                    drop(ringing);
                });
            }
        }
    }
}

/// Rings when it is dropped.
struct Ringing(Arc<Bell>);

impl Drop for Ringing {
    fn drop(&mut self) {
        self.0.is_due.store(false, Ordering::Release);
        self.0.rings.notify_one();
    }
}

/// What the peer is to be told of several messages.
#[derive(Default)]
pub(super) struct Settling {
    accepted: Vec<DeliveryInfo>,
    released: Vec<DeliveryInfo>,
    redelivered: Vec<DeliveryInfo>,
    unwanted: Vec<DeliveryInfo>,
    rejected: Vec<DeliveryInfo>,
    /// How many messages, those that came settled included.
    pub(super) count: u32,
}

impl Settling {
    pub(super) fn add(&mut self, (info, how): Fate) {
        self.count += 1;
        let Some(info) = info else { return };
        match how {
            Settle::Accept => self.accepted.push(info),
            Settle::Release => self.released.push(info),
            Settle::Redeliver => self.redelivered.push(info),
            Settle::Unwanted => self.unwanted.push(info),
            Settle::Reject => self.rejected.push(info),
        }
    }

    pub(super) async fn tell(self, link: &Receiver) -> Result<()> {
        let modified = |undeliverable_here: bool| Modified {
            delivery_failed: Some(true),
            undeliverable_here: undeliverable_here.then_some(true),
            message_annotations: None,
        };
        let refusal = || {
            let why = "the body is not what this address is for".to_owned();
            definitions::Error::new(AmqpError::DecodeError, why, None)
        };
        let telling = async {
            if !self.accepted.is_empty() {
                link.accept_all(self.accepted).await?;
            }
            if !self.released.is_empty() {
                link.release_all(self.released).await?;
            }
            if !self.redelivered.is_empty() {
                link.modify_all(self.redelivered, modified(false)).await?;
            }
            if !self.unwanted.is_empty() {
                link.modify_all(self.unwanted, modified(true)).await?;
            }
            if !self.rejected.is_empty() {
                link.reject_all(self.rejected, refusal()).await?;
            }
            Ok::<(), DispositionError>(())
        };
        telling.await.map_err(|error| Error::new(ErrorKind::Connection, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use busway_testkit::stage::soon;
    use futures_util::FutureExt;
    use tokio::task::yield_now;

    use super::*;

    const FATE: Fate = (None, Settle::Accept);

    fn rings(told: &Told) -> bool {
        told.any().now_or_never().is_some()
    }

    #[tokio::test]
    async fn what_is_told_in_one_turn_rings_once() {
        let (settles, mut told) = settles(100);
        for _ in 0..3 {
            let other = settles.clone();
            let telling = tokio::spawn(async move { other.tell(FATE) });
            assert!(settles.tell(FATE) && !rings(&told));
            assert!(telling.await.expect("told"));
            assert!(settles.tell(FATE));
            soon(told.any()).await;
            assert_eq!(std::iter::from_fn(|| told.next()).count(), 3);
            yield_now().await;
            assert!(!rings(&told));
        }
    }

    #[tokio::test]
    async fn many_are_not_kept_waiting() {
        let (settles, mut told) = settles(3);
        for _ in 0..2 {
            for at_once in [false, false, true, true] {
                assert!(settles.tell(FATE));
                assert_eq!(rings(&told), at_once);
            }
            assert_eq!(std::iter::from_fn(|| told.next()).count(), 4);
        }
    }

    #[tokio::test]
    async fn few_that_were_handed_over_together_do_not_wait() {
        let (settles, told) = settles(100);
        for (messages, at_once) in [(FEW, true), (FEW + 1, false), (1, true)] {
            told.expect(messages);
            assert!(settles.tell(FATE));
            assert_eq!(rings(&told), at_once);
            if !at_once {
                soon(told.any()).await;
            }
        }
    }

    #[test]
    fn without_a_runtime_it_rings_at_once() {
        let (settles, told) = settles(100);
        assert!(settles.tell(FATE) && rings(&told));
        // One that ends before the turn does rings as well.
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async { assert!(settles.tell(FATE)) });
        assert!(!rings(&told));
        drop(runtime);
        assert!(rings(&told));
    }

    #[tokio::test]
    async fn whoever_is_gone_is_told_nothing_and_tells_nothing() {
        let (settles, mut told) = settles(100);
        assert!(settles.tell(FATE));
        drop(settles);
        assert!(soon(told.last()).await.is_some() && soon(told.last()).await.is_none());
        let (settles, told) = super::settles(100);
        drop(told);
        assert!(!settles.tell(FATE));
    }
}

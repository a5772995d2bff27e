use std::fmt;
use std::time::Duration;

use busway_core::Result;
use busway_core::driver::Incoming;
use tokio::time::Instant;

use super::{Message, Settle, Subscription};

/// Makes of a delivery what a listener hands over, or says why it cannot be understood.
pub(crate) type Read<B> =
    Box<dyn Fn(Message) -> Result<Incoming<B>, Box<Unreadable>> + Send + Sync>;

/// A delivery that cannot be understood, and why.
pub(crate) struct Unreadable {
    pub(crate) message: Message,
    pub(crate) error: busway_core::Error,
}

/// A subscription whose messages are handed over in batches.
pub(crate) struct Batches<B> {
    subscription: Subscription,
    read: Read<B>,
    /// What was taken for a batch that is not full yet.
    gathered: Vec<Incoming<B>>,
    stopped: bool,
}

impl<B> Batches<B> {
    pub(crate) fn new(subscription: Subscription, read: Read<B>) -> Self {
        Self { subscription, read, gathered: Vec::new(), stopped: false }
    }

    /// The next batch: waits for the first message, then up to `wait` for more; empty once the
    /// subscription has ended. Cancel safe.
    pub(crate) async fn next(&mut self, max: usize, wait: Duration) -> Vec<Incoming<B>> {
        while self.gathered.is_empty() {
            if !self.take(max).await {
                return Vec::new();
            }
        }
        let until = Instant::now() + wait;
        while !wait.is_zero() && self.gathered.len() < max {
            let more = self.take(max - self.gathered.len());
            if !matches!(tokio::time::timeout_at(until, more).await, Ok(true)) {
                break;
            }
        }
        let count = self.gathered.len().min(max);
        self.gathered.drain(..count).collect()
    }

    /// Gathers what is there; `false` once there will be nothing more.
    async fn take(&mut self, max: usize) -> bool {
        let messages = self.subscription.next(max).await;
        let any = !messages.is_empty();
        for message in messages {
            self.gather_or_give_back(message);
        }
        any
    }

    /// After a stop, what can go back does so at once: the subscription ends only when all it
    /// brought is settled.
    fn gather_or_give_back(&mut self, message: Message) {
        if self.stopped && message.settling.is_needed() {
            message.settle(Settle::Requeue);
            return;
        }
        match (self.read)(message) {
            Ok(incoming) => self.gathered.push(incoming),
            // It would come again and again: it is refused for good.
            Err(unreadable) => {
                let Unreadable { message, error } = *unreadable;
                tracing::warn!(%error, "a message that cannot be understood is dropped");
                busway_core::metrics::dropped(crate::SYSTEM, "unreadable");
                message.settle(Settle::Reject);
            }
        }
    }

    /// Takes nothing more, and gives back what was not handed over and can go back.
    pub(crate) fn stop(&mut self) {
        self.stopped = true;
        self.subscription.stop();
        self.gathered.retain(|incoming| !incoming.delivery.needs_acknowledgement());
        while let Some(message) = self.subscription.try_next() {
            self.gather_or_give_back(message);
        }
    }
}

impl<B> fmt::Debug for Batches<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("gathered", &self.gathered.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use lapin::message::Delivery;
    use tokio::sync::mpsc;

    use super::super::Acks;
    use super::*;

    #[tokio::test]
    async fn what_comes_after_a_stop_goes_back_at_once() {
        let (sender, messages) = mpsc::channel(1);
        let (acks, mut settled) = Acks::new();
        let read = |_| -> Result<Incoming<()>, _> { panic!("nobody is to have it") };
        let mut batches = Batches::new(Subscription::of(messages), Box::new(read));
        batches.stop();
        let delivery = Delivery::mock(7, "exchange".into(), "key".into(), false, vec![]);
        sender.send(Message::new(delivery, Some(&acks))).await.expect("taken");
        drop((sender, acks));
        assert!(batches.next(2, Duration::from_mins(1)).await.is_empty());
        assert_eq!(settled.recv().await, Some((7, Settle::Requeue)));
        assert_eq!(settled.recv().await, None);
    }
}

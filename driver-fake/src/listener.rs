use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use busway_core::Result;
use busway_core::driver::{Incoming, Listener};

use crate::bus::Taken;
use crate::connection::{Gate, Link, Subscribed};
use crate::delivery::FakeDelivery;
use crate::subscription::{Leave, Subscription};

/// A listener. It holds nothing itself: messages stay in their queues until they are handed over.
#[derive(Debug)]
pub(crate) struct FakeListener<B: Leave> {
    subscription: Arc<Subscription<B>>,
    /// Which queue is looked at first: none may starve.
    first: usize,
}

impl<B: Leave> FakeListener<B> {
    pub(crate) fn new(subscription: Arc<Subscription<B>>) -> Self {
        Self { subscription, first: 0 }
    }

    fn link(&self) -> &Link {
        &self.subscription.connection().link
    }

    /// Takes what is there. Tells, too, whether others are behind with something.
    fn take(&mut self, max: usize, spare: bool) -> (Vec<Taken<B>>, bool) {
        let queues = self.subscription.queues();
        let consumer = self.subscription.consumer().id();
        let (mut batch, mut behind) = (Vec::new(), false);
        for at in 0..queues.len() {
            if batch.len() < max {
                let queue = &queues[(self.first + at) % queues.len()];
                behind |= queue.take(consumer, max - batch.len(), spare, &mut batch);
            }
        }
        self.first = self.first.wrapping_add(1);
        (batch, behind)
    }

    fn available(&self) -> usize {
        let consumer = self.subscription.consumer().id();
        self.subscription.queues().iter().map(|queue| queue.available(consumer)).sum()
    }

    /// Waits for the bell, unless there are so many messages here already. Messages that arrive
    /// meanwhile come here first.
    async fn wait_for(&self, count: usize) {
        let waiting = Waiting::new(&self.subscription);
        if self.available() < count && !self.subscription.has_ended() && self.link().is_up() {
            self.subscription.consumer().rung().await;
        }
        waiting.over();
    }

    /// Waits, after the first message, for more.
    async fn gather(&self, max: usize, wait: Duration) {
        let more = async {
            while self.available() < max && !self.subscription.has_ended() && self.link().is_up() {
                self.wait_for(max).await;
            }
        };
        // What has come when the time is over is enough.
        let _ = tokio::time::timeout(wait, more).await;
    }

    fn hand_over(&self, taken: Taken<B>) -> Incoming<B> {
        let Taken { message, ticket } = taken;
        Incoming {
            redelivered: message.redelivered,
            deadline: message.deadline,
            call_monitor_timeout: message.monitor,
            delivery: Box::new(FakeDelivery::new(
                self.subscription.clone(),
                ticket,
                message.reply,
                message.deadline,
            )),
            body: Arc::unwrap_or_clone(message.body),
        }
    }
}

#[async_trait]
impl<B: Leave> Listener<B> for FakeListener<B> {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Incoming<B>>> {
        let max = max.max(1);
        let mut spare = false;
        tokio::task::coop::consume_budget().await;
        loop {
            if self.subscription.has_ended() {
                return Ok(Vec::new());
            }
            if !self.link().is_up() {
                self.subscription.relieve();
                Box::pin(self.link().until(|gate| gate != Gate::Down)).await;
                if self.link().is_closed() {
                    return Ok(Vec::new());
                }
            }
            if !wait.is_zero() {
                // What comes first begins a batch, also when it comes just now.
                if self.available() == 0 {
                    self.wait_for(1).await;
                    continue;
                }
                Box::pin(self.gather(max, wait)).await;
            }
            let (batch, behind) = self.take(max, spare);
            if !batch.is_empty() {
                if batch.len() == max {
                    self.subscription.relieve();
                }
                return Ok(batch.into_iter().map(|taken| self.hand_over(taken)).collect());
            }
            if behind && !spare {
                // Whoever is behind may be about to fetch its own.
                tokio::task::yield_now().await;
                spare = true;
                continue;
            }
            self.wait_for(1).await;
            spare = false;
        }
    }

    async fn stop(&mut self) -> Result<()> {
        self.subscription.end();
        Ok(())
    }
}

impl<B: Leave> Drop for FakeListener<B> {
    fn drop(&mut self) {
        self.subscription.end();
    }
}

/// While it is there, the consumer waits; when it is dropped early, others are let in.
struct Waiting<'a, B: Leave>(Option<&'a Subscription<B>>);

impl<'a, B: Leave> Waiting<'a, B> {
    fn new(subscription: &'a Subscription<B>) -> Self {
        subscription.consumer().set_waiting(true);
        Self(Some(subscription))
    }

    /// The consumer is about to take what is there.
    fn over(mut self) {
        if let Some(subscription) = self.0.take() {
            subscription.consumer().set_waiting(false);
        }
    }
}

impl<B: Leave> Drop for Waiting<'_, B> {
    fn drop(&mut self) {
        if let Some(subscription) = self.0.take() {
            subscription.consumer().set_waiting(false);
            subscription.relieve();
        }
    }
}

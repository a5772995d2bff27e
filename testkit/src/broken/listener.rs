use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use busway_core::Result;
use busway_core::driver::{Incoming, Listener};
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Sin;
use super::delivery::{BrokenDelivery, Mixed};

/// How many messages a subscription lives for that ends early.
const FEW: u64 = 20;

/// A subscription that is made when it is first asked for something.
pub(super) type Subscribe<B> = BoxFuture<'static, Result<Box<dyn Listener<B>>>>;

/// A subscription, as a sin leaves it.
pub(super) struct BrokenListener<B: Send + 'static> {
    inner: Option<Box<dyn Listener<B>>>,
    late: Option<Subscribe<B>>,
    sin: Sin,
    /// Whether it gets nothing at all.
    deaf: bool,
    mixed: Mixed,
    handed: Arc<AtomicU64>,
    turns: Arc<Semaphore>,
}

impl<B: Send + 'static> BrokenListener<B> {
    pub(super) fn new(inner: Box<dyn Listener<B>>, sin: Sin, deaf: bool) -> Self {
        Self {
            inner: Some(inner),
            late: None,
            sin,
            deaf,
            mixed: Mixed::default(),
            handed: Arc::default(),
            turns: Arc::new(Semaphore::new(1)),
        }
    }

    /// One that subscribes when it is first asked for something.
    pub(super) fn late(subscribe: Subscribe<B>, sin: Sin) -> Self {
        Self {
            inner: None,
            late: Some(subscribe),
            sin,
            deaf: false,
            mixed: Mixed::default(),
            handed: Arc::default(),
            turns: Arc::new(Semaphore::new(1)),
        }
    }

    async fn take(&mut self, max: usize, wait: Duration) -> Result<Vec<Incoming<B>>> {
        if let Some(subscribe) = &mut self.late {
            // Cut off, it goes on where it was.
            self.inner = Some(subscribe.await?);
            self.late = None;
        }
        let Some(inner) = &mut self.inner else { return Ok(Vec::new()) };
        let (max, wait) = match self.sin {
            Sin::HandsOverTooMuch => (10_000, wait),
            Sin::TakesOne | Sin::HandsOverOneByOne => (1, wait),
            Sin::WaitsForFullBatches if !wait.is_zero() => (max, Duration::from_hours(1)),
            _ => (max, wait),
        };
        inner.next(max, wait).await
    }
}

#[async_trait]
impl<B: Send + 'static> Listener<B> for BrokenListener<B> {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Incoming<B>>> {
        if self.deaf {
            return std::future::pending().await;
        }
        if self.sin == Sin::EndsEarly && self.handed.load(Ordering::Relaxed) >= FEW {
            return Ok(Vec::new());
        }
        let one_by_one = self.sin == Sin::HandsOverOneByOne;
        let mut turn = match self.turns.clone().acquire_owned().await {
            Ok(turn) if one_by_one => Some(turn),
            _ => None,
        };
        let mut batch = self.take(max, wait).await?;
        self.handed.fetch_add(batch.len() as u64, Ordering::Relaxed);
        for incoming in &mut batch {
            let acknowledges = matches!(self.sin, Sin::LosesWhenCut | Sin::AcknowledgesEarly);
            if acknowledges && incoming.delivery.needs_acknowledgement() {
                incoming.delivery.acknowledge().await?;
            }
        }
        if self.sin == Sin::LosesWhenCut {
            tokio::task::yield_now().await;
        }
        Ok(batch.into_iter().map(|it| bend(it, self.sin, &self.mixed, turn.take())).collect())
    }

    async fn stop(&mut self) -> Result<()> {
        match self.sin {
            Sin::HangsOnStop => return std::future::pending().await,
            Sin::LosesOnStop if self.inner.is_some() => {
                let rest = self.take(10_000, Duration::ZERO);
                let rest = tokio::time::timeout(Duration::from_millis(1), rest).await;
                for mut incoming in rest.unwrap_or(Ok(Vec::new()))? {
                    incoming.delivery.acknowledge().await?;
                }
            }
            _ => {}
        }
        self.late = None;
        match &mut self.inner {
            Some(inner) => inner.stop().await,
            None => Ok(()),
        }
    }
}

/// Takes what comes, and does nothing with it.
async fn keep<B: Send + 'static>(mut inner: Box<dyn Listener<B>>) {
    let mut kept = Vec::new();
    while let Ok(batch) = inner.next(1, Duration::ZERO).await
        && !batch.is_empty()
    {
        kept.extend(batch);
    }
}

fn bend<B>(
    incoming: Incoming<B>,
    sin: Sin,
    mixed: &Mixed,
    turn: Option<OwnedSemaphorePermit>,
) -> Incoming<B> {
    let delivery = Box::new(BrokenDelivery::new(incoming.delivery, sin, mixed.clone(), turn));
    let mut bent = Incoming { delivery, ..incoming };
    match sin {
        Sin::ForgetsRedelivery => bent.redelivered = false,
        Sin::MarksEverything => bent.redelivered = true,
        Sin::ForgetsDeadlines => bent.deadline = None,
        _ => {}
    }
    bent
}

impl<B: Send + 'static> Drop for BrokenListener<B> {
    fn drop(&mut self) {
        if self.sin == Sin::KeepsDropped
            && let Some(inner) = self.inner.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(keep(inner));
        }
    }
}

impl<B: Send + 'static> std::fmt::Debug for BrokenListener<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrokenListener").field("sin", &self.sin).finish_non_exhaustive()
    }
}

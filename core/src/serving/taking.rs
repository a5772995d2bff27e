use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Handle, Plan};
use crate::driver::Listener;
use crate::{Error, ErrorKind, Result};

/// The serving task's state: it owns the subscription and all that runs.
pub(super) struct Taking<B: Send + 'static, H> {
    pub(super) listener: Box<dyn Listener<B>>,
    pub(super) handler: Arc<H>,
    pub(super) plan: Plan,
    pub(super) stopped: watch::Receiver<Option<Instant>>,
}

impl<B: Send + 'static, H: Handle<B>> Taking<B, H> {
    /// Takes and handles until told to stop or until the subscription ends, then lets what runs
    /// finish.
    pub(super) async fn run(mut self) -> Result<()> {
        let mut running = JoinSet::new();
        let mut stopped = self.stopped.clone();
        let taken = tokio::select! {
            biased;
            _ = stopped.wait_for(Option::is_some) => None,
            taken = self.take(&mut running) => Some(taken),
        };
        let ended = match taken {
            // The subscription has ended by itself; what runs may take its time, until somebody
            // asks to stop: the transport's own close has a deadline.
            Some(taken) => taken,
            None => self.give_back(&mut running).await,
        };
        let finished = finish(&mut running, &mut self.stopped).await;
        ended.and(finished)
    }

    /// Takes and handles until the subscription ends. Cancel safe: nothing that was taken is
    /// without a task.
    async fn take(&mut self, running: &mut JoinSet<()>) -> Result<()> {
        loop {
            while running.try_join_next().is_some() {}
            let free = self.plan.concurrency.saturating_sub(running.len());
            if free == 0 {
                running.join_next().await;
                continue;
            }
            let (most, wait) = match self.plan.batching {
                None => (free, Duration::ZERO),
                Some(batching) => (batching.size, batching.wait),
            };
            let taken = self.listener.next(most, wait).await?;
            if taken.is_empty() {
                return Ok(());
            }
            self.handler.begin(taken, running);
        }
    }

    /// Ends the subscription, which gives back what was not handed over; what the bus cannot take
    /// back is handled.
    async fn give_back(&mut self, running: &mut JoinSet<()>) -> Result<()> {
        let deadline = self.stopped.borrow().unwrap_or_else(Instant::now);
        let rest = async {
            if let Err(error) = self.listener.stop().await {
                tracing::warn!(%error, "the subscription did not end cleanly");
            }
            self.take(running).await
        };
        // Past the deadline there is no need to speak of it here: something still runs, or
        // nothing is lost.
        tokio::time::timeout_at(deadline, rest).await.unwrap_or(Ok(()))
    }
}

/// Waits for what runs, until the deadline once there is one.
async fn finish(
    running: &mut JoinSet<()>,
    stopped: &mut watch::Receiver<Option<Instant>>,
) -> Result<()> {
    loop {
        let asked = *stopped.borrow_and_update();
        let too_late = async {
            match asked {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            joined = running.join_next() => if joined.is_none() { return Ok(()) },
            () = too_late => break,
            // A deadline was set or changed; a sender that is gone sets none any more.
            Ok(()) = stopped.changed() => {}
        }
    }
    let left = running.len();
    running.shutdown().await;
    let message = format!("{left} handlers still ran at the deadline and were cut off");
    Err(Error::new(ErrorKind::Timeout, message))
}

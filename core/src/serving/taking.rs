use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::workers::Workers;
use super::{Batching, Handle};
use crate::driver::Listener;
use crate::{Error, ErrorKind, Result};

/// The serving task's state: it owns the subscription and all that runs.
pub(super) struct Taking<B: Send + 'static, H: Handle<B>> {
    pub(super) listener: Box<dyn Listener<B>>,
    pub(super) workers: Workers<H>,
    pub(super) batching: Option<Batching>,
    pub(super) stopped: watch::Receiver<Option<Instant>>,
}

impl<B: Send + 'static, H: Handle<B>> Taking<B, H> {
    /// Takes and handles until told to stop or until the subscription ends, then lets what runs
    /// finish.
    pub(super) async fn run(mut self) -> Result<()> {
        let mut stopped = self.stopped.clone();
        let taken = tokio::select! {
            biased;
            _ = stopped.wait_for(Option::is_some) => None,
            taken = self.take() => Some(taken),
        };
        let ended = match taken {
            // The subscription has ended by itself; what runs may take its time, until somebody
            // asks to stop: the transport's own close has a deadline.
            Some(taken) => taken,
            None => self.give_back().await,
        };
        let finished = self.finish().await;
        ended.and(finished)
    }

    /// Takes and handles until the subscription ends. Cancel safe: nothing that was taken is
    /// without a task.
    async fn take(&mut self) -> Result<()> {
        loop {
            self.workers.somebody_free().await;
            let (most, wait) = match self.batching {
                None => (self.workers.free(), Duration::ZERO),
                Some(batching) => (batching.size, batching.wait),
            };
            let taken = self.listener.next(most, wait).await?;
            if taken.is_empty() {
                return Ok(());
            }
            for piece in self.workers.handler().divide(taken) {
                self.workers.begin(piece);
            }
        }
    }

    /// Ends the subscription, which gives back what was not handed over; what the bus cannot take
    /// back is handled.
    async fn give_back(&mut self) -> Result<()> {
        let deadline = self.stopped.borrow().unwrap_or_else(Instant::now);
        let rest = async {
            if let Err(error) = self.listener.stop().await {
                tracing::warn!(%error, "the subscription did not end cleanly");
            }
            self.take().await
        };
        // Past the deadline there is no need to speak of it here: something still runs, or
        // nothing is lost.
        tokio::time::timeout_at(deadline, rest).await.unwrap_or(Ok(()))
    }

    /// Waits for what runs, until the deadline once there is one.
    async fn finish(&mut self) -> Result<()> {
        let finished = loop {
            let asked = *self.stopped.borrow_and_update();
            let too_late = async {
                match asked {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.workers.all_free() => break Ok(()),
                () = too_late => break Err(self.workers.busy()),
                // A deadline was set or changed; a sender that is gone sets none any more.
                Ok(()) = self.stopped.changed() => {}
            }
        };
        self.workers.dismiss().await;
        finished.map_err(|left| {
            let message = format!("{left} handlers still ran at the deadline and were cut off");
            Error::new(ErrorKind::Timeout, message)
        })
    }
}

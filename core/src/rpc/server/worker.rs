use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::handler::Handler;
use crate::driver::{Incoming, Listener, Request};
use crate::{Error, ErrorKind, Result};

/// The serving task's state: it owns the subscription and every running handler.
pub(super) struct Serving {
    pub(super) listener: Box<dyn Listener<Request>>,
    pub(super) handler: Arc<Handler>,
    pub(super) concurrency: usize,
    pub(super) stopped: watch::Receiver<Option<Instant>>,
}

impl Serving {
    /// Takes and handles requests until told to stop or until the subscription ends, then lets
    /// the handlers finish.
    pub(super) async fn run(mut self) -> Result<()> {
        let mut handlers = JoinSet::new();
        let taken = self.take(&mut handlers).await;
        let asked = *self.stopped.borrow();
        if asked.is_some() {
            self.give_back(&mut handlers).await;
        }
        // Until a deadline is given, what runs may take its time: the transport's own close has
        // one, and dropping the server cuts everything off.
        let finished = finish(&mut handlers, &mut self.stopped).await;
        taken.and(finished)
    }

    async fn take(&mut self, handlers: &mut JoinSet<()>) -> Result<()> {
        loop {
            while handlers.try_join_next().is_some() {}
            let free = self.concurrency.saturating_sub(handlers.len());
            tokio::select! {
                biased;
                () = asked(&mut self.stopped) => return Ok(()),
                _ = handlers.join_next(), if free == 0 => {}
                batch = self.listener.next(free, Duration::ZERO), if free > 0 => {
                    let batch = batch?;
                    if batch.is_empty() {
                        return Ok(());
                    }
                    self.handle(batch, handlers);
                }
            }
        }
    }

    fn handle(&self, batch: Vec<Incoming<Request>>, handlers: &mut JoinSet<()>) {
        for incoming in batch {
            handlers.spawn(self.handler.clone().handle(incoming));
        }
    }

    /// Ends the subscription; what it cannot give back is handled.
    async fn give_back(&mut self, handlers: &mut JoinSet<()>) {
        let deadline = deadline(&self.stopped);
        let rest = async {
            self.listener.stop().await?;
            loop {
                let batch = self.listener.next(self.concurrency, Duration::ZERO).await?;
                if batch.is_empty() {
                    return Ok::<_, Error>(());
                }
                self.handle(batch, handlers);
            }
        };
        match tokio::time::timeout_at(deadline, rest).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the subscription did not end cleanly"),
            Err(_) => tracing::warn!("the subscription did not end within the deadline"),
        }
    }
}

/// Waits for the handlers, until the deadline once there is one.
async fn finish(
    handlers: &mut JoinSet<()>,
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
            joined = handlers.join_next() => if joined.is_none() { return Ok(()) },
            () = too_late => break,
            // A deadline was set or changed; a sender that is gone sets none any more.
            Ok(()) = stopped.changed() => {}
        }
    }
    let running = handlers.len();
    handlers.shutdown().await;
    let message = format!("{running} handlers still ran at the deadline and were cut off");
    Err(Error::new(ErrorKind::Timeout, message))
}

/// Waits until the server is told to stop.
async fn asked(stopped: &mut watch::Receiver<Option<Instant>>) {
    // A sender that is gone has been dropped with the server, and this task is aborted.
    let _ = stopped.wait_for(Option::is_some).await;
}

fn deadline(stopped: &watch::Receiver<Option<Instant>>) -> Instant {
    stopped.borrow().unwrap_or_else(Instant::now)
}

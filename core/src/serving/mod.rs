//! What RPC servers and notification listeners have in common: a task that takes messages, hands
//! so many at a time to a handler, and stops gracefully. What becomes of a message is not known
//! here.

mod taking;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::deadline::after;
use crate::driver::{Incoming, Listener};
use crate::{Error, ErrorKind, Result};
use taking::Taking;
pub(crate) use workers::Work;
use workers::Workers;

/// How long a server or a listener lets what runs finish unless it is said otherwise.
pub(crate) const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// What to do with messages; what is dropped before it is settled goes back to the bus.
pub(crate) trait Handle<B>: Work {
    /// Divides what was taken together into what one task handles at a time.
    fn divide(&self, taken: Vec<Incoming<B>>) -> Vec<Self::Piece>;
}

/// How messages are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How many tasks may run at a time.
    pub(crate) concurrency: usize,
    /// With it, messages are taken in batches, and a batch is one task.
    pub(crate) batching: Option<Batching>,
}

/// How large a batch is at most, and how long is waited for it to be full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batching {
    pub(crate) size: usize,
    pub(crate) wait: Duration,
}

/// A subscription that is being served; dropping it cuts off what runs.
#[derive(Debug)]
pub(crate) struct Serving {
    /// When set: the deadline by which it is to have stopped.
    stop: watch::Sender<Option<Instant>>,
    task: Option<Task>,
}

/// The task that serves; it ends with its owner.
#[derive(Debug)]
struct Task(JoinHandle<Result<()>>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Serving {
    pub(crate) fn start<B: Send + 'static>(
        listener: Box<dyn Listener<B>>,
        handler: Arc<impl Handle<B>>,
        plan: Plan,
    ) -> Self {
        let (stop, stopped) = watch::channel(None);
        let workers = Workers::new(handler, plan.concurrency);
        let taking = Taking { listener, workers, batching: plan.batching, stopped };
        Self { stop, task: Some(Task(tokio::spawn(taking.run()))) }
    }

    /// Waits until it has ended. Cancel safe.
    pub(crate) async fn wait(&mut self) -> Result<()> {
        let Some(task) = &mut self.task else { return Ok(()) };
        let result = (&mut task.0).await;
        self.task = None;
        result.unwrap_or_else(|error| {
            let message = "the task that serves ended abnormally";
            Err(Error::new(ErrorKind::Internal, message).because(error))
        })
    }

    /// Takes nothing more, and lets what runs finish, within that time.
    pub(crate) async fn stop_within(mut self, timeout: Duration) -> Result<()> {
        self.stop.send_replace(Some(after(timeout)));
        self.wait().await.map_err(|error| error.attempted("stop"))
    }
}

//! Servers: they take requests, dispatch them to endpoints, and answer.

mod builder;
mod dispatcher;
mod handler;
mod ping;
mod worker;

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use builder::RpcServerBuilder;
pub use ping::PING_METHOD;

use crate::{Error, ErrorKind, Result, Target, Transport};

/// How long [`RpcServer::stop`] lets running handlers finish.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// A running server: oslo.messaging's `RPCServer`. Dropping it stops it at once, cutting off what
/// runs; [`stop`](Self::stop) lets it finish.
///
/// ```no_run
/// use busway_core::rpc::{Endpoint, RpcServer};
/// use busway_core::{Target, Transport};
///
/// # async fn example(transport: Transport, greeter: impl Endpoint) -> busway_core::Result<()> {
/// let target = Target::new("greetings").with_server("host-1");
/// let mut server = RpcServer::builder(&transport, target).endpoint(greeter).start().await?;
/// server.wait().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RpcServer {
    target: Target,
    /// When set: the deadline by which it is to have stopped.
    stop: watch::Sender<Option<Instant>>,
    worker: Option<Worker>,
}

/// The task that serves; it ends with its owner.
#[derive(Debug)]
struct Worker(JoinHandle<Result<()>>);

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl RpcServer {
    /// What is to be said before a server starts: its endpoints, at least.
    pub fn builder(transport: &Transport, target: Target) -> RpcServerBuilder {
        RpcServerBuilder::new(transport.clone(), target)
    }

    /// The target it serves.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Waits until the server has ended: because its transport was closed, or because its
    /// subscription was lost for good. Cancel safe.
    ///
    /// # Errors
    /// Why the subscription was lost.
    pub async fn wait(&mut self) -> Result<()> {
        let Some(worker) = &mut self.worker else { return Ok(()) };
        let result = (&mut worker.0).await;
        self.worker = None;
        result.unwrap_or_else(|error| {
            let message = "the server's own task ended abnormally";
            Err(Error::new(ErrorKind::Internal, message).because(error))
        })
    }

    /// Stops as [`stop_within`](Self::stop_within) does, within 30 seconds.
    ///
    /// # Errors
    /// As there.
    pub async fn stop(self) -> Result<()> {
        self.stop_within(STOP_TIMEOUT).await
    }

    /// Stops gracefully: takes nothing more, gives back what was taken and not begun, lets what
    /// runs finish and answer, and ends the subscription; within that time.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] when handlers still ran then (they were cut off), or why the
    /// subscription was lost.
    pub async fn stop_within(mut self, timeout: Duration) -> Result<()> {
        self.stop.send_replace(Some(Instant::now() + timeout));
        self.wait().await.map_err(|error| error.attempted("stop"))
    }
}

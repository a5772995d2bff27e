//! Servers: they take requests, dispatch them to endpoints, and answer.

mod builder;
mod dispatcher;
mod handler;
mod ping;

use std::time::Duration;

pub use builder::RpcServerBuilder;
pub use ping::PING_METHOD;

use crate::serving::{STOP_TIMEOUT, Serving};
use crate::{Result, Target, Transport};

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
    serving: Serving,
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
        self.serving.wait().await
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
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) when handlers still ran then (they were cut off), or why the
    /// subscription was lost.
    pub async fn stop_within(self, timeout: Duration) -> Result<()> {
        self.serving.stop_within(timeout).await
    }
}

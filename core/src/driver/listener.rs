use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::error::RemoteError;
use crate::{Payload, Result};

/// What a handler came to: a result, or a failure to send back.
pub type Outcome = Result<Payload, RemoteError>;

/// A subscription that yields incoming messages: `Listener<Request>` for a server,
/// `Listener<Notification>` for a notification listener.
///
/// # Behavior
/// What it has taken in is either handed over by [`next`](Self::next) or given back to the bus;
/// dropping it gives everything back that was not handed over.
#[async_trait]
pub trait Listener<B: Send + 'static>: fmt::Debug + Send {
    /// The next messages: waits without bound for the first one, then up to `wait` for more, and
    /// returns at the latest with `max` of them. With `wait` zero it takes what is there.
    ///
    /// An empty batch means that the listener was stopped and has nothing left.
    ///
    /// # Behavior
    /// Cancel safe: a dropped future loses no message.
    ///
    /// # Errors
    /// When the subscription is lost for good; what it was is over then. A connection loss that
    /// the driver recovers from is no error.
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Incoming<B>>>;

    /// Stops taking messages. What was taken already comes out of [`next`](Self::next) as long
    /// as it cannot be given back; the rest is given back.
    ///
    /// # Errors
    /// When the bus could not be told; the subscription ends nevertheless.
    async fn stop(&mut self) -> Result<()>;
}

/// One incoming message with the means to settle it.
///
/// Dropping it unsettled gives it back to the bus, where the bus can take it back.
#[derive(Debug)]
pub struct Incoming<B> {
    /// The message itself.
    pub body: B,
    /// Whether it was delivered before, to us or to somebody else.
    pub redelivered: bool,
    /// When it expires: after this nobody waits for it.
    pub deadline: Option<Instant>,
    /// How long its caller waits for a heartbeat, when the call is monitored.
    pub call_monitor_timeout: Option<Duration>,
    /// The means to settle it.
    pub delivery: Box<dyn Delivery>,
}

/// The means to settle one incoming message.
#[async_trait]
pub trait Delivery: fmt::Debug + Send {
    /// Whether the bus waits for an acknowledgement. Without one,
    /// [`acknowledge`](Self::acknowledge) does nothing and [`requeue`](Self::requeue) is
    /// unsupported.
    fn needs_acknowledgement(&self) -> bool {
        true
    }

    /// Whether somebody waits for a reply. Without one, [`reply`](Self::reply) sends nothing.
    fn expects_reply(&self) -> bool {
        false
    }

    /// Tells the bus that the message has arrived, for good.
    async fn acknowledge(&mut self) -> Result<()>;

    /// As [`acknowledge`](Self::acknowledge), where there is nothing to wait for; `None`, with
    /// nothing done, where there is.
    fn try_acknowledge(&mut self) -> Option<Result<()>> {
        None
    }

    /// Gives the message back, to be delivered again, here or elsewhere, marked as redelivered.
    async fn requeue(self: Box<Self>) -> Result<()>;

    /// Answers the caller. An expired reply is not sent.
    async fn reply(self: Box<Self>, outcome: Outcome) -> Result<()>;

    /// As [`reply`](Self::reply), where there is nothing to wait for; otherwise the outcome is
    /// returned, and nothing was done. It answers once.
    ///
    /// # Errors
    /// The outcome, when there is something to wait for.
    fn try_reply(&mut self, outcome: Outcome) -> Result<Result<()>, Outcome> {
        Err(outcome)
    }

    /// Tells the caller of a monitored call that its handler still runs.
    async fn heartbeat(&mut self) -> Result<()>;
}

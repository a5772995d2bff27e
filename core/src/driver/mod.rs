//! The contract of a driver: what it is asked, what it owes, how it is found.
//!
//! Nothing here knows a scheme's name. What every driver owes is written at the methods, and is
//! what the conformance suite of `busway-testkit` asks.

mod capabilities;
mod events;
mod listener;
mod message;
mod registry;

use std::fmt;

use async_trait::async_trait;
use tokio::time::Instant;

pub use capabilities::Capabilities;
pub use events::{EventStream, Events, TransportEvent};
pub use listener::{Delivery, Incoming, Listener, Outcome};
pub use message::{
    CallOptions, Envelope, NotificationSubscription, NotifyOptions, Request, Retry, SendOptions,
    Timeouts,
};
pub use registry::{DriverInfo, OpenFuture, OpenRequest, Registry};

use crate::notify::Notification;
use crate::{Payload, Result, Target};

/// What carries messages over one kind of bus.
///
/// # Behavior
/// - Every method returns within the deadline it is given, whatever the bus does.
/// - A future may be dropped at any await: nothing stays stuck, and what had not been handed to
///   the bus is not sent later.
/// - What [`capabilities`](Self::capabilities) does not declare returns
///   [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) at once.
/// - After [`close`](Self::close), every method returns
///   [`ErrorKind::Closed`](crate::ErrorKind::Closed).
#[async_trait]
pub trait Driver: fmt::Debug + Send + Sync + 'static {
    /// The driver's name, as spans and metrics tell it (OpenTelemetry's `messaging.system`).
    fn name(&self) -> &'static str;

    /// What this driver can do.
    fn capabilities(&self) -> Capabilities;

    /// Where this driver tells of its connection.
    fn events(&self) -> &Events;

    /// How long sends may take when the caller does not say, where this driver has options for it.
    fn timeouts(&self) -> Timeouts {
        Timeouts::default()
    }

    /// Sends a request and waits for its reply.
    ///
    /// # Behavior
    /// - With `retry` 0 the request is executed at most once: it is never sent again once it may
    ///   have left. With retries it is sent again after failures until the deadline.
    /// - A target that nobody serves is [`Undeliverable`](crate::ErrorKind::Undeliverable).
    /// - A failure of the handler is [`Remote`](crate::ErrorKind::Remote).
    /// - No reply by the deadline, or, with a call-monitor timeout, no heartbeat for that long,
    ///   is [`Timeout`](crate::ErrorKind::Timeout). The message carries the remaining time.
    async fn call(
        &self,
        target: &Target,
        request: Request,
        options: CallOptions,
    ) -> Result<Payload>;

    /// Sends a request and returns when the bus has it; to every server with a fan-out target.
    ///
    /// # Behavior
    /// As [`call`](Self::call) for retries and deadline. A target that nobody serves is
    /// [`Undeliverable`](crate::ErrorKind::Undeliverable), except with fan-out.
    async fn cast(&self, target: &Target, request: Request, options: SendOptions) -> Result<()>;

    /// Sends a notification to the target's topic at its priority.
    ///
    /// # Behavior
    /// `Ok` means that the bus has stored it, for a listener that may come later.
    async fn notify(
        &self,
        target: &Target,
        notification: &Notification,
        options: NotifyOptions,
    ) -> Result<()>;

    /// Subscribes an RPC server: to its topic in turn with others, to itself, to fan-outs.
    ///
    /// # Behavior
    /// When it returns, a call from anywhere reaches this server.
    async fn listen(&self, target: &Target) -> Result<Box<dyn Listener<Request>>>;

    /// Subscribes a notification listener.
    ///
    /// # Behavior
    /// Listeners with the same pool, or all those without one, share the messages; each pool gets
    /// its own copy.
    async fn listen_notifications(
        &self,
        subscription: NotificationSubscription,
    ) -> Result<Box<dyn Listener<Notification>>>;

    /// Stops taking, finishes what was accepted, closes the connection; by the deadline at the
    /// latest. Closing twice is no error.
    ///
    /// # Behavior
    /// The transport lets no new sends through and has waited for those under way, except at the
    /// deadline.
    async fn close(&self, deadline: Instant) -> Result<()>;
}

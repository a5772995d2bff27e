//! The transport: one cheap handle on an open driver.

mod builder;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

pub use builder::TransportBuilder;

use crate::deadline::after;
use crate::driver::{
    CallOptions, Capabilities, Driver, EventStream, Listener, NotificationSubscription,
    NotifyOptions, Request, SendOptions, Timeouts,
};
use crate::metrics::measure;
use crate::notify::Notification;
use crate::{Config, Error, ErrorKind, Payload, Result, Target};

/// How long [`Transport::close`] lets what is under way finish.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// An open connection to a bus: a cheap handle to clone and share.
///
/// ```no_run
/// use busway_core::Transport;
///
/// # async fn example() -> busway_core::Result<()> {
/// let transport = Transport::open("pika://user:pass@rabbit-1,rabbit-2/").await?;
/// // … clients, servers, notifiers …
/// transport.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Transport(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    driver: Arc<dyn Driver>,
    config: Config,
    /// The sends under way; closed when the transport is.
    sends: TaskTracker,
}

impl Transport {
    /// Opens the bus that a URL names, with default options and those of its query.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`], [`ErrorKind::UnknownScheme`], [`ErrorKind::Configuration`]
    /// when the URL is wrong; whatever the driver says when the bus cannot be reached.
    pub async fn open(url: &str) -> Result<Self> {
        Self::builder().open(url).await
    }

    /// Opens the bus that a configuration names (`[DEFAULT] transport_url`), for RPC.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`ErrorKind::Configuration`] when it names none.
    pub async fn from_config(config: &Config) -> Result<Self> {
        Self::builder().config(config.clone()).open_for_rpc().await
    }

    /// Opens the bus that a configuration names for notifications:
    /// `[oslo_messaging_notifications] transport_url`, else `[DEFAULT] transport_url`.
    ///
    /// # Errors
    /// As [`from_config`](Self::from_config).
    pub async fn for_notifications(config: &Config) -> Result<Self> {
        Self::builder().config(config.clone()).open_for_notifications().await
    }

    /// What can be said before opening: configuration, drivers.
    #[must_use]
    pub fn builder() -> TransportBuilder {
        TransportBuilder::default()
    }

    /// A transport on a driver that is open already.
    #[must_use]
    pub fn from_driver(driver: Arc<dyn Driver>, config: Config) -> Self {
        Self(Arc::new(Shared { driver, config, sends: TaskTracker::new() }))
    }

    /// What the driver can do.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.0.driver.capabilities()
    }

    /// The configuration it was opened with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// What happens to the connection, from now on.
    #[must_use]
    pub fn events(&self) -> EventStream {
        self.0.driver.events().subscribe()
    }

    /// Closes as [`close_within`](Self::close_within) does, within 30 seconds.
    ///
    /// # Errors
    /// As [`close_within`](Self::close_within).
    pub async fn close(&self) -> Result<()> {
        self.close_within(CLOSE_TIMEOUT).await
    }

    /// Takes nothing new, lets the sends and calls that are under way finish within that time,
    /// and closes the connection. Closing twice is no error.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] when something was still under way then; the connection is closed
    /// nevertheless.
    pub async fn close_within(&self, timeout: Duration) -> Result<()> {
        let deadline = after(timeout);
        self.0.sends.close();
        let drained = tokio::time::timeout_at(deadline, self.0.sends.wait()).await;
        let under_way = self.0.sends.len();
        self.0.driver.close(deadline).await?;
        drained.map_err(|_| {
            let message = format!("closed with {under_way} sends still under way");
            Error::new(ErrorKind::Timeout, message).attempted("close")
        })
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.sends.is_closed()
    }

    /// Counts a send as under way, unless the transport is closed.
    fn enter(&self, operation: &'static str) -> Result<TaskTrackerToken> {
        // The token comes first: once it is held, `close` waits for it.
        let token = self.0.sends.token();
        if self.is_closed() {
            let message = "the transport is closed";
            return Err(Error::new(ErrorKind::Closed, message).attempted(operation));
        }
        Ok(token)
    }

    /// The driver's name, for spans and metrics.
    pub(crate) fn system(&self) -> &'static str {
        self.0.driver.name()
    }

    /// How long sends may take when neither the caller nor its client says.
    pub(crate) fn timeouts(&self) -> Timeouts {
        self.0.driver.timeouts()
    }

    /// Refuses what the driver does not do.
    pub(crate) fn require(&self, capability: &str, given: bool) -> Result<()> {
        if given {
            return Ok(());
        }
        let message = format!("the driver '{}' does not do this: {capability}", self.system());
        Err(Error::unsupported(message))
    }

    pub(crate) async fn call(
        &self,
        target: &Target,
        request: Request,
        options: CallOptions,
    ) -> Result<Payload> {
        let _under_way = self.enter("call")?;
        let monitored = options.call_monitor_timeout.is_some();
        self.require("call_monitoring", !monitored || self.capabilities().call_monitoring)?;
        measure("call", self.system(), self.0.driver.call(target, request, options)).await
    }

    pub(crate) async fn cast(
        &self,
        target: &Target,
        request: Request,
        options: SendOptions,
    ) -> Result<()> {
        let _under_way = self.enter("cast")?;
        self.require("fanout", !target.fanout() || self.capabilities().fanout)?;
        measure("cast", self.system(), self.0.driver.cast(target, request, options)).await
    }

    pub(crate) async fn notify(
        &self,
        target: &Target,
        notification: &Notification,
        options: NotifyOptions,
    ) -> Result<()> {
        let _under_way = self.enter("notify")?;
        measure("notify", self.system(), self.0.driver.notify(target, notification, options)).await
    }

    pub(crate) async fn listen(&self, target: &Target) -> Result<Box<dyn Listener<Request>>> {
        let _under_way = self.enter("listen")?;
        self.0.driver.listen(target).await
    }

    pub(crate) async fn listen_notifications(
        &self,
        subscription: NotificationSubscription,
    ) -> Result<Box<dyn Listener<Notification>>> {
        let _under_way = self.enter("listen_notifications")?;
        self.0.driver.listen_notifications(subscription).await
    }
}

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Settings, Shared};
use crate::driver::Retry;
use crate::{Context, Result, Target, Version};

/// A call about to be made with settings of its own: oslo.messaging's `prepare()`.
///
/// ```no_run
/// use std::time::Duration;
/// use busway_core::driver::Retry;
/// use busway_core::rpc::RpcClient;
///
/// # async fn example(client: RpcClient) -> busway_core::Result<()> {
/// let prepared = client.prepare().server("host-1").timeout(Duration::from_secs(2));
/// let load: f64 = prepared.retry(Retry::NEVER).call("load", ()).await?;
/// client.prepare().fanout(true).cast("reload", ()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a prepared call does nothing until it is called or cast"]
pub struct Prepared {
    shared: Arc<Shared>,
    settings: Settings,
}

impl Prepared {
    pub(super) fn new(shared: Arc<Shared>, settings: Settings) -> Self {
        Self { shared, settings }
    }

    fn with_target(mut self, change: impl FnOnce(Target) -> Target) -> Self {
        self.settings.target = change(std::mem::take(&mut self.settings.target));
        self
    }

    /// Sends to this exchange.
    pub fn exchange(self, exchange: impl Into<Arc<str>>) -> Self {
        self.with_target(|target| target.with_exchange(exchange))
    }

    /// Sends to this topic.
    pub fn topic(self, topic: impl Into<Arc<str>>) -> Self {
        self.with_target(|target| target.with_topic(topic))
    }

    /// Asks for a method in this namespace.
    pub fn namespace(self, namespace: impl Into<Arc<str>>) -> Self {
        self.with_target(|target| target.with_namespace(namespace))
    }

    /// Asks for this version of the interface.
    pub fn version(self, version: Version) -> Self {
        self.with_target(|target| target.with_version(version))
    }

    /// Sends to this server of the topic.
    pub fn server(self, server: impl Into<Arc<str>>) -> Self {
        self.with_target(|target| target.with_server(server))
    }

    /// Sends a copy to every server of the topic; for casts.
    pub fn fanout(self, fanout: bool) -> Self {
        self.with_target(|target| target.with_fanout(fanout))
    }

    /// Gives up after this time. A request with a timeout expires with it: nobody runs it later.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self
    }

    /// Tries again so often. With [`Retry::NEVER`] the request runs at most once.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.settings.retry = Some(retry);
        self
    }

    /// Refuses to ask for a version that this one does not serve.
    pub fn version_cap(mut self, cap: Version) -> Self {
        self.settings.version_cap = Some(cap);
        self
    }

    /// Gives up when the server sends no sign of life for that long, while the timeout may be
    /// long: for calls that run for minutes.
    pub fn call_monitor_timeout(mut self, timeout: Duration) -> Self {
        self.settings.call_monitor_timeout = Some(timeout);
        self
    }

    /// Sends this context along.
    pub fn context(mut self, context: Context) -> Self {
        self.settings.context = context;
        self
    }

    /// The target as it is now.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.settings.target
    }

    /// Calls as [`RpcClient::call`](super::RpcClient::call) does.
    ///
    /// # Errors
    /// As there.
    pub fn call<A: Serialize, R: DeserializeOwned>(
        &self,
        method: &str,
        args: A,
    ) -> impl Future<Output = Result<R>> + Send + use<'_, A, R> {
        self.shared.call(&self.settings, method, args)
    }

    /// Casts as [`RpcClient::cast`](super::RpcClient::cast) does.
    ///
    /// # Errors
    /// As there.
    pub fn cast<A: Serialize>(
        &self,
        method: &str,
        args: A,
    ) -> impl Future<Output = Result<()>> + Send + use<'_, A> {
        self.shared.cast(&self.settings, method, args)
    }

    /// Whether this version is within the version cap; always, without one.
    #[must_use]
    pub fn can_send_version(&self, version: Version) -> bool {
        self.settings.can_send_version(version)
    }
}

use std::sync::Arc;
use std::time::Duration;

use super::{RpcClient, Settings, Shared};
use crate::driver::Retry;
use crate::{Context, ContextSerializer, Target, Transport, Version};

/// What can be said before a client is made; each call may say otherwise by
/// [`RpcClient::prepare`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct RpcClientBuilder {
    transport: Transport,
    serializer: Option<Arc<dyn ContextSerializer>>,
    settings: Settings,
}

impl RpcClientBuilder {
    pub(super) fn new(transport: Transport, target: Target) -> Self {
        Self { transport, serializer: None, settings: Settings { target, ..Settings::default() } }
    }

    /// How long a call waits for its reply; `rpc_response_timeout` otherwise.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self
    }

    /// How often a failed send is tried again; the driver's configured default otherwise.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.settings.retry = Some(retry);
        self
    }

    /// Refuses to ask for a version that this one does not serve.
    pub fn version_cap(mut self, cap: Version) -> Self {
        self.settings.version_cap = Some(cap);
        self
    }

    /// How long a call waits for a sign of life of its handler.
    pub fn call_monitor_timeout(mut self, timeout: Duration) -> Self {
        self.settings.call_monitor_timeout = Some(timeout);
        self
    }

    /// The context that calls carry.
    pub fn context(mut self, context: Context) -> Self {
        self.settings.context = context;
        self
    }

    /// How a context becomes what travels.
    pub fn context_serializer(mut self, serializer: Arc<dyn ContextSerializer>) -> Self {
        self.serializer = Some(serializer);
        self
    }

    /// The client.
    #[must_use]
    pub fn build(self) -> RpcClient {
        let shared = Shared { transport: self.transport, serializer: self.serializer };
        RpcClient { shared: Arc::new(shared), settings: self.settings }
    }
}

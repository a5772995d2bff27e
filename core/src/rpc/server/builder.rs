use std::fmt;
use std::sync::Arc;

use super::RpcServer;
use super::dispatcher::Dispatcher;
use super::handler::Handler;
use super::ping::Ping;
use crate::rpc::{AccessPolicy, Endpoint};
use crate::serving::{Plan, Serving};
use crate::{ContextSerializer, Error, ErrorKind, Result, Target, Transport};

/// What is said before a server starts.
#[must_use = "a builder does nothing until it starts the server"]
pub struct RpcServerBuilder {
    transport: Transport,
    target: Target,
    endpoints: Vec<Box<dyn Endpoint>>,
    policy: AccessPolicy,
    concurrency: Option<usize>,
    serializer: Option<Arc<dyn ContextSerializer>>,
}

impl RpcServerBuilder {
    pub(super) fn new(transport: Transport, target: Target) -> Self {
        Self {
            transport,
            target,
            endpoints: Vec::new(),
            policy: AccessPolicy::default(),
            concurrency: None,
            serializer: None,
        }
    }

    /// Adds an endpoint. A request goes to the first one that serves its namespace and version
    /// and has its method.
    pub fn endpoint(mut self, endpoint: impl Endpoint) -> Self {
        self.endpoints.push(Box::new(endpoint));
        self
    }

    /// Which methods may be called; all whose names do not start with an underscore otherwise.
    pub fn access_policy(mut self, policy: AccessPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// How many requests are handled at a time; `executor_thread_pool_size` (64) otherwise.
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = Some(concurrency);
        self
    }

    /// How what travelled becomes the context that handlers get.
    pub fn context_serializer(mut self, serializer: Arc<dyn ContextSerializer>) -> Self {
        self.serializer = Some(serializer);
        self
    }

    /// Subscribes and starts to serve. When it returns, calls from anywhere reach this server.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidTarget`] without a topic or a server in the target,
    /// [`ErrorKind::InvalidArgument`] without an endpoint or with a concurrency of 0,
    /// and what the driver says when it cannot subscribe.
    pub async fn start(mut self) -> Result<RpcServer> {
        let (topic, _) = self.target.topic_and_server().map_err(|e| e.attempted("listen"))?;
        let topic = topic.to_owned();
        let core = self.transport.config().core();
        let concurrency = self.concurrency.unwrap_or(core.executor_thread_pool_size);
        if core.rpc_ping_enabled {
            self.endpoints.push(Box::new(Ping));
        }
        self.check(concurrency).map_err(|error| error.attempted("listen"))?;
        let listener = self.transport.listen(&self.target).await?;
        let handler = Handler {
            dispatcher: Dispatcher::new(self.endpoints, self.policy),
            serializer: self.serializer,
            limits: self.transport.config().limits(),
            system: self.transport.system(),
            topic,
        };
        let plan = Plan { concurrency, batching: None };
        let serving = Serving::start(listener, Arc::new(handler), plan);
        Ok(RpcServer { target: self.target, serving })
    }

    fn check(&self, concurrency: usize) -> Result<()> {
        let wrong = if self.endpoints.is_empty() {
            "a server needs an endpoint"
        } else if concurrency == 0 {
            "a server with a concurrency of 0 would never handle a request"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::InvalidArgument, wrong).with("target", &self.target))
    }
}

impl fmt::Debug for RpcServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcServerBuilder")
            .field("target", &self.target)
            .field("endpoints", &self.endpoints.len())
            .finish_non_exhaustive()
    }
}

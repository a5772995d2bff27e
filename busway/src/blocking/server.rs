use std::sync::Arc;
use std::time::Duration;

use super::Transport;
use super::runtime::Runtime;
use crate::{AccessPolicy, ContextSerializer, Endpoint, Result, Target};

/// A running server: [`busway::RpcServer`] for programs without a runtime. Dropping it stops it at
/// once, without waiting; [`stop`](Self::stop) lets what runs finish.
///
/// Its endpoints are those of `#[endpoint]`, whose async methods run on the transport's threads,
/// and synchronous ones: see [`service`](super::service()).
///
/// [`busway::RpcServer`]: crate::RpcServer
///
/// ```
/// use busway::blocking::{RpcClient, RpcServer, Transport};
/// use busway::{Target, endpoint};
///
/// struct Greeter;
///
/// #[endpoint]
/// impl Greeter {
///     async fn hello(&self, name: String) -> String {
///         format!("Hello, {name}!")
///     }
/// }
///
/// let transport = Transport::open("fake://blocking-server")?;
/// let target = Target::new("greetings");
/// let server = RpcServer::builder(&transport, target.clone().with_server("s1"))
///     .endpoint(Greeter)
///     .start()?;
/// let client = RpcClient::new(&transport, target);
/// let greeting: String = client.call("hello", serde_json::json!({ "name": "Ada" }))?;
/// assert_eq!(greeting, "Hello, Ada!");
/// server.stop()?;
/// # Ok::<(), busway::Error>(())
/// ```
#[derive(Debug)]
pub struct RpcServer {
    server: crate::RpcServer,
    runtime: Runtime,
}

impl RpcServer {
    /// What is to be said before a server starts: its endpoints, at least.
    pub fn builder(transport: &Transport, target: Target) -> RpcServerBuilder {
        let builder = crate::RpcServer::builder(transport.as_async(), target);
        RpcServerBuilder { builder, runtime: transport.runtime().clone() }
    }

    /// The target it serves.
    #[must_use]
    pub fn target(&self) -> &Target {
        self.server.target()
    }

    /// Waits until the server has ended: because its transport was closed, or because its
    /// subscription was lost for good.
    ///
    /// # Errors
    /// Why the subscription was lost; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported)
    /// within an async runtime.
    pub fn wait(&mut self) -> Result<()> {
        self.runtime.block_on(self.server.wait())
    }

    /// Stops as [`stop_within`](Self::stop_within) does, within 30 seconds.
    ///
    /// # Errors
    /// As there.
    pub fn stop(self) -> Result<()> {
        self.runtime.block_on(self.server.stop())
    }

    /// Stops gracefully: takes nothing more, lets what runs finish and answer, and ends the
    /// subscription; within that time.
    ///
    /// # Errors
    /// As [`busway::RpcServer::stop_within`](crate::RpcServer::stop_within), and
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) within an async runtime.
    pub fn stop_within(self, timeout: Duration) -> Result<()> {
        self.runtime.block_on(self.server.stop_within(timeout))
    }
}

/// What is said before a server starts.
#[derive(Debug)]
#[must_use = "a builder does nothing until it starts the server"]
pub struct RpcServerBuilder {
    builder: crate::RpcServerBuilder,
    runtime: Runtime,
}

impl RpcServerBuilder {
    fn with(
        mut self,
        change: impl FnOnce(crate::RpcServerBuilder) -> crate::RpcServerBuilder,
    ) -> Self {
        self.builder = change(self.builder);
        self
    }

    /// Adds an endpoint. A request goes to the first one that serves its namespace and version
    /// and has its method.
    pub fn endpoint(self, endpoint: impl Endpoint) -> Self {
        self.with(|builder| builder.endpoint(endpoint))
    }

    /// Which methods may be called; all whose names do not start with an underscore otherwise.
    pub fn access_policy(self, policy: AccessPolicy) -> Self {
        self.with(|builder| builder.access_policy(policy))
    }

    /// How many requests are handled at a time; `executor_thread_pool_size` (64) otherwise. For
    /// synchronous handlers, that is the number of threads they may take.
    pub fn concurrency(self, concurrency: usize) -> Self {
        self.with(|builder| builder.concurrency(concurrency))
    }

    /// How what travelled becomes the context that handlers get.
    pub fn context_serializer(self, serializer: Arc<dyn ContextSerializer>) -> Self {
        self.with(|builder| builder.context_serializer(serializer))
    }

    /// Subscribes and starts to serve. When it returns, calls from anywhere reach this server.
    ///
    /// # Errors
    /// As [`busway::RpcServerBuilder::start`](crate::RpcServerBuilder::start), and
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) within an async runtime.
    pub fn start(self) -> Result<RpcServer> {
        let server = self.runtime.block_on(self.builder.start())?;
        Ok(RpcServer { server, runtime: self.runtime })
    }
}

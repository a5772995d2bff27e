use serde::Serialize;
use serde::de::DeserializeOwned;

use super::runtime::Runtime;
use super::{Prepared, Transport};
use crate::{Result, Target, Version};

/// Calls the methods of remote servers and waits: [`busway::RpcClient`] for programs without a
/// runtime. Cheap to clone and share between threads.
///
/// [`busway::RpcClient`]: crate::RpcClient
///
/// ```
/// use busway::blocking::{RpcClient, RpcServer, Transport, service};
/// use busway::Target;
/// use serde_json::{Value, json};
///
/// let transport = Transport::open("fake://blocking-client")?;
/// let target = Target::new("echo");
/// let echo = service("echo", |args: Value, _| Ok(args));
/// let server = RpcServer::builder(&transport, target.clone().with_server("s1"));
/// let server = server.endpoint(echo).start()?;
///
/// let client = RpcClient::new(&transport, target);
/// let reply: Value = client.call("echo", json!({ "answer": 42 }))?;
/// assert_eq!(reply["answer"], 42);
/// client.prepare().server("s1").cast("echo", ())?;
/// server.stop()?;
/// # Ok::<(), busway::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RpcClient {
    client: crate::RpcClient,
    runtime: Runtime,
}

impl RpcClient {
    /// A client of this target, with the configuration's defaults.
    #[must_use]
    pub fn new(transport: &Transport, target: Target) -> Self {
        Self::from_async(transport, crate::RpcClient::new(transport.as_async(), target))
    }

    /// A client that was made by the async API on the same transport, with defaults of its own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use busway::Target;
    /// use busway::blocking::{RpcClient, Transport};
    ///
    /// let transport = Transport::open("fake://")?;
    /// let client = busway::RpcClient::builder(transport.as_async(), Target::new("t"))
    ///     .timeout(Duration::from_secs(2))
    ///     .build();
    /// let client = RpcClient::from_async(&transport, client);
    /// # Ok::<(), busway::Error>(())
    /// ```
    #[must_use]
    pub fn from_async(transport: &Transport, client: crate::RpcClient) -> Self {
        Self { client, runtime: transport.runtime().clone() }
    }

    /// The target that calls go to unless they are prepared otherwise.
    #[must_use]
    pub fn target(&self) -> &Target {
        self.client.target()
    }

    /// A call with settings of its own: another server, a shorter timeout, fan-out. Cheap.
    pub fn prepare(&self) -> Prepared {
        Prepared { prepared: self.client.prepare(), runtime: self.runtime.clone() }
    }

    /// Calls a method and waits for its result.
    ///
    /// # Errors
    /// As [`busway::RpcClient::call`](crate::RpcClient::call), and
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) within an async runtime.
    pub fn call<A: Serialize, R: DeserializeOwned>(&self, method: &str, args: A) -> Result<R> {
        self.runtime.block_on(self.client.call(method, args))
    }

    /// Sends a request and returns when the bus has it.
    ///
    /// # Errors
    /// As [`busway::RpcClient::cast`](crate::RpcClient::cast), and
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) within an async runtime.
    pub fn cast<A: Serialize>(&self, method: &str, args: A) -> Result<()> {
        self.runtime.block_on(self.client.cast(method, args))
    }

    /// Whether this version is within the version cap; always, without one.
    #[must_use]
    pub fn can_send_version(&self, version: Version) -> bool {
        self.client.can_send_version(version)
    }
}

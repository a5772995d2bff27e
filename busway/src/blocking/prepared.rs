use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::runtime::Runtime;
use crate::driver::Retry;
use crate::{Context, Result, Target, Version};

/// A call about to be made with settings of its own, from
/// [`RpcClient::prepare`](super::RpcClient::prepare).
///
/// ```
/// use busway::blocking::{RpcClient, Transport};
/// use busway::{Context, Target};
///
/// let transport = Transport::open("fake://")?;
/// let client = RpcClient::new(&transport, Target::new("cells"));
/// let context = Context::new().with("user_id", "u1");
/// // Nobody listens, which is no error with fan-out.
/// client.prepare().fanout(true).context(context).cast("reload", ())?;
/// # Ok::<(), busway::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a prepared call does nothing until it is called or cast"]
pub struct Prepared {
    pub(super) prepared: crate::Prepared,
    pub(super) runtime: Runtime,
}

/// The settings of the async `Prepared`.
macro_rules! settings {
    ($($(#[$attribute:meta])* $name:ident: $ty:ty;)*) => {
        $(
            $(#[$attribute])*
            pub fn $name(mut self, $name: $ty) -> Self {
                self.prepared = self.prepared.$name($name);
                self
            }
        )*
    };
}

impl Prepared {
    settings! {
        /// Sends to this exchange.
        exchange: impl Into<Arc<str>>;
        /// Sends to this topic.
        topic: impl Into<Arc<str>>;
        /// Asks for a method in this namespace.
        namespace: impl Into<Arc<str>>;
        /// Asks for this version of the interface.
        version: Version;
        /// Sends to this server of the topic.
        server: impl Into<Arc<str>>;
        /// Sends a copy to every server of the topic; for casts.
        fanout: bool;
        /// Gives up after this time.
        timeout: Duration;
        /// Tries again so often. With [`Retry::NEVER`] the request runs at most once.
        retry: Retry;
        /// Refuses to ask for a version that this one does not serve.
        version_cap: Version;
        /// Gives up when the server sends no sign of life for that long.
        call_monitor_timeout: Duration;
        /// Sends this context along.
        context: Context;
    }

    /// The target as it is now.
    #[must_use]
    pub fn target(&self) -> &Target {
        self.prepared.target()
    }

    /// Calls as [`RpcClient::call`](super::RpcClient::call) does.
    ///
    /// # Errors
    /// As there.
    pub fn call<A: Serialize, R: DeserializeOwned>(&self, method: &str, args: A) -> Result<R> {
        self.runtime.block_on(self.prepared.call(method, args))
    }

    /// Casts as [`RpcClient::cast`](super::RpcClient::cast) does.
    ///
    /// # Errors
    /// As there.
    pub fn cast<A: Serialize>(&self, method: &str, args: A) -> Result<()> {
        self.runtime.block_on(self.prepared.cast(method, args))
    }

    /// Whether this version is within the version cap; always, without one.
    #[must_use]
    pub fn can_send_version(&self, version: Version) -> bool {
        self.prepared.can_send_version(version)
    }
}

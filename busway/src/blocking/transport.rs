use std::time::Duration;

use super::runtime::Runtime;
use crate::driver::Capabilities;
use crate::{Config, Result};

/// An open connection to a bus, with the threads that serve it: [`busway::Transport`] for programs
/// without a runtime. Clones share both.
///
/// [`busway::Transport`]: crate::Transport
///
/// ```
/// use busway::blocking::Transport;
///
/// let transport = Transport::open("fake://")?;
/// assert!(transport.capabilities().rpc);
/// transport.close()?;
/// # Ok::<(), busway::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Transport {
    transport: crate::Transport,
    runtime: Runtime,
}

impl Transport {
    /// Opens the bus that a URL names, as [`busway::Transport::open`](crate::Transport::open)
    /// does.
    ///
    /// # Errors
    /// As there, [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) within an async
    /// runtime, [`ErrorKind::Internal`](crate::ErrorKind::Internal) when no thread can be started.
    pub fn open(url: &str) -> Result<Self> {
        Self::open_with(crate::Transport::open(url))
    }

    /// Opens the bus that a configuration names for RPC.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`ErrorKind::Configuration`](crate::ErrorKind::Configuration)
    /// when it names none.
    pub fn from_config(config: &Config) -> Result<Self> {
        Self::open_with(crate::Transport::from_config(config))
    }

    /// Opens the bus that a configuration names for notifications.
    ///
    /// # Errors
    /// As [`from_config`](Self::from_config).
    pub fn for_notifications(config: &Config) -> Result<Self> {
        Self::open_with(crate::Transport::for_notifications(config))
    }

    /// Opens a bus by the async API, with all that can be said there.
    ///
    /// ```
    /// use busway::Config;
    /// use busway::blocking::Transport;
    ///
    /// let opening = busway::Transport::builder().config(Config::new()).open("fake://");
    /// let transport = Transport::open_with(opening)?;
    /// # Ok::<(), busway::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(opening: impl Future<Output = Result<crate::Transport>>) -> Result<Self> {
        let runtime = Runtime::start()?;
        let transport = runtime.block_on(opening)?;
        Ok(Self { transport, runtime })
    }

    /// The same transport for the async API: to make what is waited for by
    /// [`block_on`](Self::block_on).
    #[must_use]
    pub fn as_async(&self) -> &crate::Transport {
        &self.transport
    }

    /// Waits for a future of the async API: a call of a typed client, say.
    ///
    /// ```
    /// use busway::blocking::Transport;
    /// use busway::{ErrorKind, Target, client};
    ///
    /// #[client]
    /// trait Greeter {
    ///     async fn hello(&self, name: &str) -> String;
    /// }
    ///
    /// let transport = Transport::open("fake://")?;
    /// let greeter = GreeterClient::new(transport.as_async(), Target::new("greetings"));
    /// let error = transport.block_on(greeter.hello("Ada")).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Undeliverable, "nobody serves");
    /// # Ok::<(), busway::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the future; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) within an
    /// async runtime.
    pub fn block_on<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(future)
    }

    /// What the driver can do.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.transport.capabilities()
    }

    /// The configuration it was opened with.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.transport.config()
    }

    /// Closes as [`close_within`](Self::close_within) does, within 30 seconds.
    ///
    /// # Errors
    /// As there.
    pub fn close(&self) -> Result<()> {
        self.block_on(self.transport.close())
    }

    /// Takes nothing new, lets what is under way finish within that time, and closes the
    /// connection. Closing twice is no error.
    ///
    /// # Errors
    /// As [`busway::Transport::close_within`](crate::Transport::close_within), and
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) within an async runtime.
    pub fn close_within(&self, timeout: Duration) -> Result<()> {
        self.block_on(self.transport.close_within(timeout))
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }
}

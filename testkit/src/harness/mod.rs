//! What the suite asks of a bus under test, and what it may do to it.

mod candidate;
mod faults;
mod urls;

use std::fmt;

use async_trait::async_trait;
use busway_core::{Config, Error, Result, Target, Transport};

pub use candidate::{Candidate, Make};
pub use faults::Faults;

/// A name space of its own on a bus under test: what one case runs in.
///
/// # Behavior
/// Two transports of one harness reach each other; those of two harnesses never do. A harness is
/// made fresh for each case and dropped after it; dropping it removes what the bus still holds of
/// it.
///
/// What it can do to the bus it declares by [`Candidate::with_faults`]; cases that need more than
/// that are not run. The others' methods are unsupported by default.
///
/// # Example
/// A bus with virtual hosts, behind a [`Proxy`](crate::proxy::Proxy) that cuts connections:
///
/// ```no_run
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use busway_core::driver::Capabilities;
/// use busway_core::{Config, Error, ErrorKind, Result, Transport, async_trait};
/// use busway_testkit::proxy::Proxy;
/// use busway_testkit::{Candidate, Faults, Harness, Suite};
///
/// #[derive(Debug)]
/// struct Place {
///     vhost: String,
///     proxy: Proxy,
/// }
///
/// impl Place {
///     async fn fresh() -> Result<Self> {
///         static NEXT: AtomicU64 = AtomicU64::new(0);
///         let vhost = format!("case-{}", NEXT.fetch_add(1, Ordering::Relaxed));
///         let broker = "127.0.0.1:7000".parse().expect("an address");
///         let proxy = Proxy::to(broker).await.map_err(|error| {
///             Error::new(ErrorKind::Connection, "the proxy does not listen").because(error)
///         })?;
///         Ok(Self { vhost, proxy })
///     }
/// }
///
/// #[async_trait]
/// impl Harness for Place {
///     async fn open(&self, config: Config) -> Result<Transport> {
///         let url = format!("mine://{}/{}", self.proxy.address(), self.vhost);
///         Transport::builder().config(config).open(&url).await
///     }
///
///     async fn sever(&self) -> Result<()> {
///         self.proxy.cut().await;
///         Ok(())
///     }
///
///     async fn heal(&self) -> Result<()> {
///         self.proxy.heal();
///         Ok(())
///     }
/// }
///
/// # const DECLARED: Capabilities = Capabilities { rpc: true, ..Capabilities::NONE };
/// fn main() -> std::process::ExitCode {
///     let make = || async { Ok(Box::new(Place::fresh().await?) as Box<dyn Harness>) };
///     let mine = Candidate::new("mine", DECLARED, make)
///         .with_bus("a broker of mine")
///         .with_faults(Faults { sever: true, ..Faults::NONE });
///     Suite::new().candidate(mine).main()
/// }
/// ```
#[async_trait]
pub trait Harness: fmt::Debug + Send + Sync + 'static {
    /// Opens a transport of this name space.
    ///
    /// # Errors
    /// What the driver says.
    async fn open(&self, config: Config) -> Result<Transport>;

    /// Opens a transport whose queues hold but a few messages, and those few.
    ///
    /// # Errors
    /// What the driver says.
    async fn open_narrow(&self) -> Result<(Transport, usize)> {
        Err(Error::unsupported("this harness cannot make queues narrow"))
    }

    /// A target that nobody serves.
    fn unserved(&self) -> Target {
        Target::new("nobody.serves.this")
    }

    /// Cuts every connection of this name space; it stays cut until [`heal`](Self::heal).
    ///
    /// # Errors
    /// Why the harness could not.
    async fn sever(&self) -> Result<()> {
        Err(Error::unsupported("this harness cannot sever a connection"))
    }

    /// Lets bytes pass neither way, without closing anything, until [`heal`](Self::heal).
    ///
    /// # Errors
    /// Why the harness could not.
    async fn stall(&self) -> Result<()> {
        Err(Error::unsupported("this harness cannot stall a connection"))
    }

    /// Makes the bus take nothing from senders for now, as one does that is short of memory, until
    /// [`heal`](Self::heal). What it has allowed them to send before, it may take still.
    ///
    /// # Errors
    /// Why the harness could not.
    async fn block(&self) -> Result<()> {
        Err(Error::unsupported("this harness cannot block its bus"))
    }

    /// Undoes [`sever`](Self::sever), [`stall`](Self::stall) and [`block`](Self::block).
    ///
    /// # Errors
    /// Why the harness could not.
    async fn heal(&self) -> Result<()> {
        Err(Error::unsupported("this harness cannot heal a connection"))
    }

    /// Restarts the bus; returns when it takes connections again.
    ///
    /// # Errors
    /// Why the harness could not.
    async fn restart(&self) -> Result<()> {
        Err(Error::unsupported("this harness cannot restart its bus"))
    }

    /// How many messages the bus holds for this name space.
    ///
    /// # Errors
    /// Why the harness could not.
    async fn held(&self) -> Result<usize> {
        Err(Error::unsupported("this harness cannot count what its bus holds"))
    }
}

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
/// What it can do to the bus it declares by [`Candidate::faults`]; cases that need more than that
/// are not run. The others' methods are unsupported by default.
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

    /// Makes the bus say that it takes nothing for now, as one that is short of memory does,
    /// until [`heal`](Self::heal).
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

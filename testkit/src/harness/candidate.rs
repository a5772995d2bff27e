use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use busway_core::Result;
use busway_core::driver::Capabilities;
use futures_util::future::BoxFuture;

use super::{Faults, Harness};
use crate::Need;

/// How long a case may take: longer than any of its own waits.
const LIMIT: Duration = Duration::from_mins(1);

/// Makes a harness with a name space that nobody else has.
pub type Make = Arc<dyn Fn() -> BoxFuture<'static, Result<Box<dyn Harness>>> + Send + Sync>;

/// A driver on a bus, to be judged by the suite: a column of the matrix.
#[derive(Clone)]
pub struct Candidate {
    name: String,
    bus: Option<String>,
    capabilities: Capabilities,
    faults: Faults,
    limit: Duration,
    missing: Option<String>,
    make: Make,
    make_alone: Option<Make>,
}

impl Candidate {
    /// A candidate of this name, which stands before each case; with what its driver declares.
    pub fn new<F, Made>(name: impl Into<String>, capabilities: Capabilities, make: F) -> Self
    where
        F: Fn() -> Made + Send + Sync + 'static,
        Made: Future<Output = Result<Box<dyn Harness>>> + Send + 'static,
    {
        Self {
            name: name.into(),
            bus: None,
            capabilities,
            faults: Faults::NONE,
            limit: LIMIT,
            missing: None,
            make: Arc::new(move || Box::pin(make())),
            make_alone: None,
        }
    }

    /// Says how to make the harness of a case that does something to the whole bus (blocks or
    /// restarts it), so that others that run at the same time do not feel it: on a bus that only
    /// one of them has at a time.
    #[must_use]
    pub fn with_a_bus_alone<F, Made>(mut self, make: F) -> Self
    where
        F: Fn() -> Made + Send + Sync + 'static,
        Made: Future<Output = Result<Box<dyn Harness>>> + Send + 'static,
    {
        self.make_alone = Some(Arc::new(move || Box::pin(make())));
        self
    }

    /// Says in a few words what its driver is tested on, for the matrix.
    #[must_use]
    pub fn with_bus(mut self, bus: impl Into<String>) -> Self {
        self.bus = Some(bus.into());
        self
    }

    /// Says what its harness can do to the bus.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Sets how long a case may take until it counts as one that hangs; a minute otherwise. For a
    /// bus on which everything takes longer.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Says that it cannot run here, and what to install so that it can: its cases are ignored
    /// with that reason, and fail where `CI=true`.
    #[must_use]
    pub fn missing(mut self, reason: impl Into<String>) -> Self {
        self.missing = Some(reason.into());
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its driver is tested on, if that was said.
    #[must_use]
    pub fn bus(&self) -> Option<&str> {
        self.bus.as_deref()
    }

    /// What its driver declares.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// What its harness can do to the bus.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.faults
    }

    /// How long a case may take until it counts as one that hangs.
    #[must_use]
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Why it cannot run here, if so.
    #[must_use]
    pub fn why_missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    /// A fresh name space for a case that needs this.
    ///
    /// # Errors
    /// Why the harness could not be made.
    pub async fn harness(&self, needs: &[Need]) -> Result<Box<dyn Harness>> {
        match &self.make_alone {
            Some(make) if needs.iter().any(|need| need.is_of_the_whole_bus()) => make().await,
            _ => (self.make)().await,
        }
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("name", &self.name)
            .field("bus", &self.bus)
            .field("capabilities", &self.capabilities)
            .field("faults", &self.faults)
            .field("limit", &self.limit)
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}

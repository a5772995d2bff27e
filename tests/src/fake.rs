use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use busway_core::driver::OpenRequest;
use busway_core::{Config, Result, Transport};
use busway_driver_fake::{Bus, DRIVER};
use busway_testkit::broken::{Family, Sin};
use busway_testkit::{Candidate, Faults, Harness};

/// How many messages a narrow queue holds.
const NARROW: usize = 8;
/// Longer than any deadline.
const AGES: Duration = Duration::from_hours(24);

/// The in-memory bus.
#[must_use]
pub fn fake() -> Candidate {
    let make = || async { Ok(Box::new(Fake::fresh(None)) as Box<dyn Harness>) };
    Candidate::new("fake", DRIVER.capabilities, make).with_bus("memory").with_faults(FAULTS)
}

/// The in-memory bus with a driver that sins.
///
/// It stands for a bus that can be stalled and restarted too, so that the cases about those are
/// seen to fail.
#[must_use]
pub fn sinning(sin: Sin) -> Candidate {
    let make = move || async move { Ok(Box::new(Fake::fresh(Some(sin))) as Box<dyn Harness>) };
    let declared = sin.declares(DRIVER.capabilities);
    Candidate::new(format!("{sin:?}"), declared, make).with_faults(Faults::ALL)
}

const FAULTS: Faults = Faults { stall: false, restart: false, ..Faults::ALL };

/// A bus of its own.
#[derive(Debug)]
struct Fake {
    name: String,
    bus: Bus,
    family: Option<Family>,
}

impl Fake {
    fn fresh(sin: Option<Sin>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("suite-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { bus: Bus::named(&name), name, family: sin.map(Family::new) }
    }

    async fn open_with(&self, config: Config, query: &str) -> Result<Transport> {
        let url = format!("fake://{}/{query}", self.name).parse()?;
        let driver = (DRIVER.open)(OpenRequest { url, config: config.clone() }).await?;
        let driver = match &self.family {
            Some(family) => family.broken(driver),
            None => driver,
        };
        Ok(Transport::from_driver(driver, config))
    }
}

#[async_trait]
impl Harness for Fake {
    async fn open(&self, config: Config) -> Result<Transport> {
        self.open_with(config, "").await
    }

    async fn open_narrow(&self) -> Result<(Transport, usize)> {
        let query = format!("?queue_capacity={NARROW}");
        Ok((self.open_with(Config::new(), &query).await?, NARROW))
    }

    async fn sever(&self) -> Result<()> {
        self.bus.faults().disconnect();
        Ok(())
    }

    async fn block(&self) -> Result<()> {
        self.bus.faults().block();
        Ok(())
    }

    /// Nothing arrives before its sender gives up; see [`sinning`].
    async fn stall(&self) -> Result<()> {
        self.bus.faults().delay(AGES..=AGES);
        Ok(())
    }

    /// Every connection is lost, and what is stored stays: what a restart is to those who are on
    /// a bus that stores; see [`sinning`].
    async fn restart(&self) -> Result<()> {
        self.bus.faults().disconnect();
        self.bus.faults().reconnect();
        Ok(())
    }

    async fn heal(&self) -> Result<()> {
        self.bus.faults().clear();
        Ok(())
    }

    async fn held(&self) -> Result<usize> {
        Ok(self.bus.queues().iter().map(|queue| queue.ready + queue.unacknowledged).sum())
    }
}

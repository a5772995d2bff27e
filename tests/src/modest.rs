use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use busway_core::driver::{
    CallOptions, Capabilities, Driver, Events, Listener, NotificationSubscription, NotifyOptions,
    OpenRequest, Request, SendOptions,
};
use busway_core::notify::Notification;
use busway_core::{Config, Error, Payload, Result, Target, Transport};
use busway_driver_fake::DRIVER;
use busway_testkit::{Candidate, Harness};
use tokio::time::Instant;

/// The in-memory bus with a driver that does, and declares, only RPC or only notifications.
#[must_use]
pub fn modest(name: &str, declared: Capabilities) -> Candidate {
    let make = move || async move { Ok(Box::new(Place::fresh(declared)) as Box<dyn Harness>) };
    Candidate::new(name, declared, make)
}

#[derive(Debug)]
struct Place {
    name: String,
    declared: Capabilities,
}

impl Place {
    fn fresh(declared: Capabilities) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { name: format!("modest-{}", NEXT.fetch_add(1, Ordering::Relaxed)), declared }
    }
}

#[async_trait]
impl Harness for Place {
    async fn open(&self, config: Config) -> Result<Transport> {
        let url = format!("fake://{}/", self.name).parse()?;
        let inner = (DRIVER.open)(OpenRequest { url, config: config.clone() }).await?;
        let driver = Arc::new(Modest { inner, declared: self.declared });
        Ok(Transport::from_driver(driver, config))
    }
}

#[derive(Debug)]
struct Modest {
    inner: Arc<dyn Driver>,
    declared: Capabilities,
}

impl Modest {
    fn require(given: bool, what: &str) -> Result<()> {
        if given { Ok(()) } else { Err(Error::unsupported(format!("a modest bus: no {what}"))) }
    }
}

#[async_trait]
impl Driver for Modest {
    fn name(&self) -> &'static str {
        "modest"
    }

    fn capabilities(&self) -> Capabilities {
        self.declared
    }

    fn events(&self) -> &Events {
        self.inner.events()
    }

    async fn call(
        &self,
        target: &Target,
        request: Request,
        options: CallOptions,
    ) -> Result<Payload> {
        Self::require(self.declared.rpc, "RPC")?;
        self.inner.call(target, request, options).await
    }

    async fn cast(&self, target: &Target, request: Request, options: SendOptions) -> Result<()> {
        Self::require(self.declared.rpc, "RPC")?;
        self.inner.cast(target, request, options).await
    }

    async fn notify(
        &self,
        target: &Target,
        notification: &Notification,
        options: NotifyOptions,
    ) -> Result<()> {
        Self::require(self.declared.notifications, "notifications")?;
        self.inner.notify(target, notification, options).await
    }

    async fn listen(&self, target: &Target) -> Result<Box<dyn Listener<Request>>> {
        Self::require(self.declared.rpc, "RPC")?;
        self.inner.listen(target).await
    }

    async fn listen_notifications(
        &self,
        subscription: NotificationSubscription,
    ) -> Result<Box<dyn Listener<Notification>>> {
        Self::require(self.declared.notifications, "notifications")?;
        self.inner.listen_notifications(subscription).await
    }

    async fn close(&self, deadline: Instant) -> Result<()> {
        self.inner.close(deadline).await
    }
}

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use busway_broker::Broker;
use busway_core::{Config, Error, ErrorKind, Result, Transport};
use busway_testkit::Harness;
use busway_testkit::brokers::{Desk, Proton};
use busway_testkit::proxy::{Proxy, Way};
use parking_lot::Mutex;

use super::bus::Bus;
use crate::lending::{Lent, blocking};

/// How many messages a narrow queue holds.
const NARROW: usize = 8;
/// Less patience than the driver's defaults have: what is gone is back at once here.
const HASTE: &str = "link_retry_delay=0.1&connection_retry_interval=0.1\
                     &connection_retry_backoff=0.1&connection_retry_interval_max=1";

/// A virtual host of its own, as a part of the addresses, reached through a proxy of its own.
#[derive(Debug)]
pub(super) struct Place {
    vhost: String,
    proxy: Proxy,
    /// Desk brokers with narrow queues; they end with the place.
    narrow: Mutex<Vec<Desk>>,
    lent: Lent<Bus>,
}

impl Place {
    pub(super) async fn new(lent: Lent<Bus>) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let vhost = format!("ns-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let proxy = Proxy::to(lent.bus.address()).await.map_err(|error| {
            Error::new(ErrorKind::Connection, "a proxy does not listen").because(error)
        })?;
        Ok(Self { vhost, proxy, narrow: Mutex::default(), lent })
    }

    async fn open_at(&self, address: SocketAddr, config: Config, query: &str) -> Result<Transport> {
        let url = format!("amqp://{address}/{}?{HASTE}{query}", self.vhost);
        Transport::builder().config(config).open(&url).await
    }

    async fn of_proton<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Proton) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let bus: Arc<Bus> = self.lent.bus.clone();
        blocking(move || match &*bus {
            Bus::Proton(broker) => ask(broker),
            Bus::Desk(_) => Err(Error::unsupported("the desk broker does not tell")),
        })
        .await
    }

    /// Where queues hold but a few messages.
    async fn narrow(&self) -> Result<SocketAddr> {
        if let Bus::Desk(_) = &*self.lent.bus {
            let broker = Desk::start_as(Broker::builder().queue_messages(NARROW)).await?;
            let address = broker.address();
            self.narrow.lock().push(broker);
            return Ok(address);
        }
        let vhost = self.vhost.clone();
        self.of_proton(move |broker| broker.narrow(&vhost, NARROW)).await?;
        Ok(self.proxy.address())
    }
}

#[async_trait]
impl Harness for Place {
    async fn open(&self, config: Config) -> Result<Transport> {
        self.open_at(self.proxy.address(), config, "").await
    }

    async fn open_narrow(&self) -> Result<(Transport, usize)> {
        let address = self.narrow().await?;
        // What a server has taken and not handled is held by the queue still.
        let few = "&rpc_server_credit=1&notify_server_credit=1";
        Ok((self.open_at(address, Config::new(), few).await?, NARROW))
    }

    async fn sever(&self) -> Result<()> {
        self.proxy.cut().await;
        Ok(())
    }

    async fn stall(&self) -> Result<()> {
        self.proxy.stall(Way::Up);
        self.proxy.stall(Way::Down);
        Ok(())
    }

    async fn heal(&self) -> Result<()> {
        self.proxy.heal();
        Ok(())
    }

    async fn restart(&self) -> Result<()> {
        self.lent.require_alone()?;
        match &*self.lent.bus {
            Bus::Desk(broker) => broker.restart().await,
            Bus::Proton(_) => self.of_proton(Proton::restart).await,
        }
    }

    async fn held(&self) -> Result<usize> {
        let vhost = self.vhost.clone();
        self.of_proton(move |broker| broker.held(&vhost)).await
    }
}

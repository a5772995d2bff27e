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

    async fn withhold_credit(&self, on: bool) -> Result<()> {
        match &*self.lent.bus {
            Bus::Desk(broker) => {
                broker.withhold_credit(on).await;
                Ok(())
            }
            Bus::Proton(broker) => ask(broker, move |it| it.withhold_credit(on)).await,
        }
    }

    /// Where queues hold but a few messages.
    async fn narrow(&self) -> Result<SocketAddr> {
        match &*self.lent.bus {
            Bus::Desk(_) => {
                let broker = Desk::start_as(Broker::builder().queue_messages(NARROW)).await?;
                let address = broker.address();
                self.narrow.lock().push(broker);
                Ok(address)
            }
            Bus::Proton(broker) => {
                let vhost = self.vhost.clone();
                ask(broker, move |it| it.narrow(&vhost, NARROW)).await?;
                Ok(self.proxy.address())
            }
        }
    }
}

/// What is asked of Proton's broker blocks.
async fn ask<T: Send + 'static>(
    broker: &Arc<Proton>,
    what: impl FnOnce(&Proton) -> Result<T> + Send + 'static,
) -> Result<T> {
    let broker = broker.clone();
    blocking(move || what(&broker)).await
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

    async fn block(&self) -> Result<()> {
        self.lent.require_alone()?;
        self.withhold_credit(true).await
    }

    async fn heal(&self) -> Result<()> {
        self.proxy.heal();
        if self.lent.turn.is_some() {
            self.withhold_credit(false).await?;
        }
        Ok(())
    }

    async fn restart(&self) -> Result<()> {
        self.lent.require_alone()?;
        match &*self.lent.bus {
            Bus::Desk(broker) => broker.restart().await,
            Bus::Proton(broker) => ask(broker, Proton::restart).await,
        }
    }

    async fn held(&self) -> Result<usize> {
        match &*self.lent.bus {
            Bus::Desk(broker) => Ok(broker.held(&self.vhost).await),
            Bus::Proton(broker) => {
                let vhost = self.vhost.clone();
                ask(broker, move |it| it.held(&vhost)).await
            }
        }
    }
}

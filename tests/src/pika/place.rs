use async_trait::async_trait;
use busway_core::{Config, Error, ErrorKind, Result, Transport};
use busway_testkit::Harness;
use busway_testkit::brokers::RabbitMq;
use busway_testkit::proxy::{Proxy, Way};
use futures_util::future::{join_all, try_join_all};

use super::bus::Bus;
use crate::lending::{Lent, blocking};

/// How many messages a narrow queue holds.
const NARROW: usize = 8;
/// More patience than the driver's defaults have: the machine has much else to do.
const PATIENCE: &str = "socket_timeout=5&tcp_user_timeout=5&heartbeat_interval=10";

/// A virtual host of its own, reached through proxies of its own: one for each node.
#[derive(Debug)]
pub(super) struct Place {
    vhost: String,
    proxies: Vec<Proxy>,
    lent: Lent<Bus>,
}

impl Place {
    pub(super) async fn new(lent: Lent<Bus>) -> Result<Self> {
        let bus = lent.bus.clone();
        let vhost = blocking(move || bus.add_vhost()).await?;
        let proxies = lent.bus.addresses().into_iter().map(Proxy::to);
        let proxies = try_join_all(proxies).await.map_err(|error| {
            Error::new(ErrorKind::Connection, "a proxy does not listen").because(error)
        })?;
        Ok(Self { vhost, proxies, lent })
    }

    async fn open_with(&self, config: Config, query: &str) -> Result<Transport> {
        let host = |proxy: &Proxy| format!("guest:guest@{}", proxy.address());
        let hosts: Vec<_> = self.proxies.iter().map(host).collect();
        let url = format!("pika://{}/{}?{PATIENCE}{query}", hosts.join(","), self.vhost);
        Transport::builder().config(config).open(&url).await
    }

    async fn of_broker<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&RabbitMq) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let bus = self.lent.bus.clone();
        blocking(move || ask(bus.broker())).await
    }
}

#[async_trait]
impl Harness for Place {
    async fn open(&self, config: Config) -> Result<Transport> {
        // A case that restarts the broker asks about what is to survive it.
        let durable = if self.lent.turn.is_some() { "&notification_persistence=true" } else { "" };
        self.open_with(config, durable).await
    }

    async fn open_narrow(&self) -> Result<(Transport, usize)> {
        let vhost = self.vhost.clone();
        // Before the policy that a cluster has.
        let set = format!(
            "ok = rabbit_policy:set(<<\"{vhost}\">>, <<\"narrow\">>, <<\".*\">>, \
             [{{<<\"max-length\">>, {NARROW}}}, {{<<\"overflow\">>, <<\"reject-publish\">>}}], \
             1, <<\"queues\">>, <<\"busway\">>)"
        );
        self.of_broker(move |broker| broker.evaluate(&set)).await?;
        // What a server fetches ahead is held besides the queue.
        let few = "&rpc_listener_prefetch_count=1&notification_listener_prefetch_count=1";
        Ok((self.open_with(Config::new(), few).await?, NARROW))
    }

    async fn sever(&self) -> Result<()> {
        join_all(self.proxies.iter().map(Proxy::cut)).await;
        Ok(())
    }

    async fn stall(&self) -> Result<()> {
        for proxy in &self.proxies {
            proxy.stall(Way::Up);
            proxy.stall(Way::Down);
        }
        Ok(())
    }

    async fn block(&self) -> Result<()> {
        self.lent.require_alone()?;
        self.of_broker(RabbitMq::block).await
    }

    async fn heal(&self) -> Result<()> {
        self.proxies.iter().for_each(Proxy::heal);
        if self.lent.turn.is_some() {
            self.of_broker(RabbitMq::unblock).await?;
        }
        Ok(())
    }

    async fn restart(&self) -> Result<()> {
        self.lent.require_alone()?;
        self.of_broker(RabbitMq::restart).await
    }

    async fn held(&self) -> Result<usize> {
        let vhost = self.vhost.clone();
        self.of_broker(move |broker| broker.held(&vhost)).await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // The next case gets a broker that takes messages; one that is not there takes none.
        if self.lent.turn.is_some() {
            let _ = self.lent.bus.broker().unblock();
        }
        // The broker ends soon after; what it holds till then is in nobody's way.
        let _ = self.lent.bus.broker().delete_vhost(&self.vhost);
    }
}

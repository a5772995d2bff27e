//! What the tests share: the peer, the ways to it, and how they are run.

use std::time::Duration;

use busway_broker::Broker;
use busway_core::Transport;
use busway_testkit::brokers::Desk;
use busway_testkit::proxy::Proxy;
use libtest_mimic::{Failed, Trial};
use tokio::runtime::Builder;

/// Longer than a test may take on a machine that has much else to do.
const HANG: Duration = Duration::from_mins(4);
/// All that was lost is back at once, and a peer that is silent for two seconds is gone.
pub(crate) const HASTE: &str = "idle_timeout=2&link_retry_delay=0.02&connection_retry_interval=0.01\
                     &connection_retry_backoff=0.01&connection_retry_interval_max=0.05";

/// A test, on a runtime of its own.
pub(crate) fn trial<F>(name: &str, test: fn() -> F) -> Trial
where
    F: Future<Output = ()> + 'static,
{
    Trial::test(name, move || -> Result<(), Failed> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let ended = runtime.block_on(async { tokio::time::timeout(HANG, test()).await });
        ended.map_err(|_| "it hangs".into())
    })
}

/// A peer, and the ways of the servers and of the clients to it.
pub(crate) struct Stand {
    pub(crate) desk: Desk,
    pub(crate) ways: [Proxy; 2],
}

impl Stand {
    pub(crate) async fn new() -> Self {
        // Whoever does not answer its good-bye is not waited for.
        let builder = Broker::builder().stop_timeout(Duration::from_millis(20));
        let desk = Desk::start_as(builder).await.expect("a broker");
        let way = async || Proxy::to(desk.address()).await.expect("a proxy");
        let ways = [way().await, way().await];
        Self { desk, ways }
    }

    /// A transport by that way.
    pub(crate) async fn open(&self, way: usize) -> Transport {
        let url = format!("amqp://{}/?{HASTE}", self.ways[way].address());
        Transport::open(&url).await.expect("a transport")
    }
}

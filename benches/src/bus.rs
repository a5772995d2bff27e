//! Busway's side: a server and its clients on the in-memory bus.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use busway::{RpcClient, RpcServer, Target, Transport, endpoint};
use tokio::sync::Notify;

use crate::{BoxError, CONCURRENCY, Exchange, Order, Receipt};

/// A server on a bus of its own.
#[derive(Debug)]
pub struct Bus {
    server: RpcServer,
    transport: Transport,
    counter: Arc<Counter>,
}

impl Bus {
    /// Opens the bus that a URL names and starts a server on it.
    ///
    /// # Errors
    /// When either cannot be done.
    pub async fn start(url: &str) -> Result<Self, BoxError> {
        let transport = Transport::open(url).await?;
        let counter = Arc::new(Counter::default());
        let server = RpcServer::builder(&transport, Target::new("orders").with_server("s1"))
            .endpoint(Orders(counter.clone()))
            .concurrency(CONCURRENCY)
            .start()
            .await?;
        Ok(Self { server, transport, counter })
    }

    /// A client of the server.
    #[must_use]
    pub fn client(&self) -> Client {
        Client(RpcClient::new(&self.transport, Target::new("orders")))
    }

    /// Waits until the server has counted so many orders.
    pub async fn noted(&self, orders: u64) {
        self.counter.reach(orders).await;
    }

    /// Stops the server and closes the bus.
    ///
    /// # Errors
    /// What was not finished in time.
    pub async fn stop(self) -> Result<(), BoxError> {
        self.server.stop().await?;
        Ok(self.transport.close().await?)
    }
}

/// A client on the bus; cheap to clone.
#[derive(Clone, Debug)]
pub struct Client(RpcClient);

impl Client {
    /// Sends an order to be counted; nobody waits for a receipt.
    ///
    /// # Errors
    /// What the bus says.
    pub async fn note(&self, order: &Order) -> Result<(), BoxError> {
        Ok(self.0.cast("note", order).await?)
    }
}

impl Exchange for Client {
    async fn order(&self, order: &Order) -> Result<Receipt, BoxError> {
        Ok(self.0.call("order", order).await?)
    }
}

#[derive(Debug, Default)]
struct Counter {
    orders: AtomicU64,
    changed: Notify,
}

impl Counter {
    fn add(&self) {
        self.orders.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    async fn reach(&self, orders: u64) {
        loop {
            let changed = self.changed.notified();
            if self.orders.load(Ordering::Relaxed) >= orders {
                return;
            }
            changed.await;
        }
    }
}

struct Orders(Arc<Counter>);

#[endpoint]
impl Orders {
    async fn order(&self, customer: String, item: String, count: u32, cents: u64) -> Receipt {
        Order { customer, item, count, cents }.receipt()
    }

    async fn note(&self, customer: String, item: String, count: u32, cents: u64) {
        black_box(Order { customer, item, count, cents });
        self.0.add();
    }
}

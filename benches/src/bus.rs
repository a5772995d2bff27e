//! Busway's side: a server and its clients on the in-memory bus.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use busway::notify::Priority;
use busway::{
    Handled, NotificationListener, Notifier, RpcClient, RpcServer, Target, Transport, endpoint,
    endpoint_fn,
};
use tokio::sync::Notify;

use crate::{BoxError, CONCURRENCY, Exchange, Order, Receipt, Telling};

/// A server of the service, and a listener to its notifications.
#[derive(Debug)]
pub struct Bus {
    server: RpcServer,
    listener: NotificationListener,
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
        let read = endpoint_fn(Priority::Info, async |notification| {
            black_box(notification.payload.to::<Order>()?);
            Ok(Handled::Done)
        });
        let listener = NotificationListener::builder(&transport).topic("orders").endpoint(read);
        let listener = listener.start().await?;
        Ok(Self { server, listener, transport, counter })
    }

    /// A client of the server, on the server's transport.
    ///
    /// # Errors
    /// When the configuration is wrong.
    pub fn client(&self) -> Result<Client, BoxError> {
        Client::on(&self.transport)
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
        self.listener.stop().await?;
        Ok(self.transport.close().await?)
    }
}

/// A client on the bus; cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    rpc: RpcClient,
    notifier: Notifier,
}

impl Client {
    /// A client on a transport of its own.
    ///
    /// # Errors
    /// When the bus cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, BoxError> {
        Self::on(&Transport::open(url).await?)
    }

    fn on(transport: &Transport) -> Result<Self, BoxError> {
        let notifier = Notifier::builder(transport).publisher_id("bench").topics(["orders"]);
        let rpc = RpcClient::new(transport, Target::new("orders"));
        Ok(Self { rpc, notifier: notifier.build()? })
    }
}

impl Telling for Client {
    async fn note(&self, order: &Order) -> Result<(), BoxError> {
        Ok(self.rpc.cast("note", order).await?)
    }

    async fn notify(&self, order: &Order) -> Result<(), BoxError> {
        Ok(self.notifier.info("order.noted", order).await?)
    }
}

impl Exchange for Client {
    async fn order(&self, order: &Order) -> Result<Receipt, BoxError> {
        Ok(self.rpc.call("order", order).await?)
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

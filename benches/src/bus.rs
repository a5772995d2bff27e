//! Busway's side: a server and its clients on the in-memory bus.

use std::hint::black_box;
use std::sync::Arc;

use crate::{BoxError, CONCURRENCY, Counter, Exchange, Fanning, Order, Receipt, Telling};
use busway::notify::Priority;
use busway::rpc::Prepared;
use busway::{
    Handled, NotificationListener, Notifier, RpcClient, RpcServer, Target, Transport, endpoint,
    endpoint_fn,
};

/// The topic of the servers that are sent to all at once.
const FAN: &str = "fan";

/// A server of the service, and a listener to its notifications.
#[derive(Debug)]
pub struct Bus {
    server: RpcServer,
    listener: NotificationListener,
    transport: Transport,
    counter: Counter,
}

impl Bus {
    /// Opens the bus that a URL names and starts a server on it.
    ///
    /// # Errors
    /// When either cannot be done.
    pub async fn start(url: &str) -> Result<Self, BoxError> {
        let transport = Transport::open(url).await?;
        let counter = Counter::default();
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

/// So many servers, and a client of all of them on a transport of its own; cheap to clone.
#[derive(Clone, Debug)]
pub struct Fan {
    /// They serve until this is dropped.
    _servers: Arc<Vec<RpcServer>>,
    all: Prepared,
    heard: Counter,
}

impl Fan {
    /// Starts the servers on the bus that a URL names.
    ///
    /// # Errors
    /// When the bus cannot be reached, or a server not be started.
    pub async fn start(url: &str, servers: u64) -> Result<Self, BoxError> {
        let serving = Transport::open(url).await?;
        let heard = Counter::default();
        let mut all = Vec::new();
        for number in 0..servers {
            let target = Target::new(FAN).with_server(format!("s{number}"));
            let server = RpcServer::builder(&serving, target).endpoint(Orders(heard.clone()));
            all.push(server.concurrency(CONCURRENCY).start().await?);
        }
        let client = RpcClient::new(&Transport::open(url).await?, Target::new(FAN));
        Ok(Self { _servers: Arc::new(all), all: client.prepare().fanout(true), heard })
    }
}

impl Fanning for Fan {
    async fn fan_out(&self, order: &Order) -> Result<(), BoxError> {
        Ok(self.all.cast("note", order).await?)
    }

    fn heard(&self) -> &Counter {
        &self.heard
    }
}

struct Orders(Counter);

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

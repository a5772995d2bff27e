//! So many messages on one of the ways that a message goes on the in-memory bus, one after the
//! other on one thread: `busway-hot-paths PATH COUNT`. `cargo xtask instructions` counts what each
//! costs.

use std::error::Error;

use busway::notify::Priority;
use busway::{
    Handled, NotificationListener, Notifier, RpcClient, RpcServer, Target, Transport, endpoint,
    endpoint_fn,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type BoxError = Box<dyn Error + Send + Sync>;

/// How many servers a fan-out reaches.
const SERVERS: usize = 10;

fn main() -> Result<(), BoxError> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [path, count] = words.as_slice() else { return Err("expected: PATH COUNT".into()) };
    let count = count.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let transport = Transport::open("fake://hot-paths/").await?;
        match path.as_str() {
            "call" => calls(&transport, count).await,
            "cast" => casts(&transport, 1, count).await,
            "fan-out" => casts(&transport, SERVERS, count).await,
            "notification" => notifications(&transport, count).await,
            _ => Err(format!("there is no path '{path}'").into()),
        }
    })
}

/// A small object of a few types, as services send it.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    customer: String,
    item: String,
    count: u32,
    cents: u64,
}

impl Order {
    fn new() -> Self {
        Self {
            customer: "Ada Lovelace".to_owned(),
            item: "difference engine".to_owned(),
            count: 3,
            cents: 1799,
        }
    }
}

/// Answers an order with what it costs, and tells of each that it was there.
struct Orders(UnboundedSender<u64>);

#[endpoint]
impl Orders {
    async fn order(&self, customer: String, item: String, count: u32, cents: u64) -> u64 {
        let order = Order { customer, item, count, cents };
        u64::from(order.count) * order.cents
    }

    async fn note(&self, customer: String, item: String, count: u32, cents: u64) {
        let order = Order { customer, item, count, cents };
        // Nobody waits for it any more at the end.
        let _ = self.0.send(order.cents);
    }
}

/// So many servers of a topic, and what they tell.
async fn served(
    transport: &Transport,
    servers: usize,
) -> Result<(Vec<RpcServer>, UnboundedReceiver<u64>), BoxError> {
    let (tell, told) = unbounded_channel();
    let mut started = Vec::new();
    for number in 0..servers {
        let target = Target::new("orders").with_server(format!("s{number}"));
        let server = RpcServer::builder(transport, target).endpoint(Orders(tell.clone()));
        started.push(server.start().await?);
    }
    Ok((started, told))
}

async fn calls(transport: &Transport, count: usize) -> Result<(), BoxError> {
    let (_servers, _told) = served(transport, 1).await?;
    let client = RpcClient::new(transport, Target::new("orders"));
    let order = Order::new();
    for _ in 0..count {
        let cost: u64 = client.call("order", &order).await?;
        assert_eq!(cost, 3 * 1799);
    }
    Ok(())
}

/// To one server, or to each of several.
async fn casts(transport: &Transport, servers: usize, count: usize) -> Result<(), BoxError> {
    let (_servers, mut told) = served(transport, servers).await?;
    let client = RpcClient::new(transport, Target::new("orders").with_fanout(servers > 1));
    let order = Order::new();
    for _ in 0..count {
        client.cast("note", &order).await?;
        for _ in 0..servers {
            told.recv().await.ok_or("the server is gone")?;
        }
    }
    Ok(())
}

async fn notifications(transport: &Transport, count: usize) -> Result<(), BoxError> {
    let (tell, mut told) = unbounded_channel();
    let endpoint = endpoint_fn(Priority::Info, move |notification| {
        let tell = tell.clone();
        async move {
            let order: Order = notification.payload.to()?;
            // Nobody waits for it any more at the end.
            let _ = tell.send(order.cents);
            Ok(Handled::Done)
        }
    });
    let listener = NotificationListener::builder(transport).topic("orders").endpoint(endpoint);
    let _listener = listener.start().await?;
    let notifier = Notifier::builder(transport).publisher_id("shop").topics(["orders"]).build()?;
    let order = Order::new();
    for _ in 0..count {
        notifier.info("order.noted", &order).await?;
        told.recv().await.ok_or("the listener is gone")?;
    }
    Ok(())
}

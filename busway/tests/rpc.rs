//! Typed servers and clients over the in-memory bus.
#![cfg(feature = "fake")]

use std::time::Duration;

use busway::{
    AccessPolicy, Context, Error, ErrorKind, RemoteKind, Result, RpcClient, RpcServer, Target,
    Transport, client, endpoint,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    item: String,
    count: u32,
}

#[derive(Debug)]
struct OutOfStock(u32);

impl std::fmt::Display for OutOfStock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} are too many", self.0)
    }
}

impl std::error::Error for OutOfStock {}

struct Shop {
    host: &'static str,
    told: mpsc::UnboundedSender<String>,
}

#[endpoint(namespace = "shop", version = "1.3")]
impl Shop {
    #[expose]
    async fn order(&self, context: Context, order: Order, note: Option<String>) -> (Order, String) {
        let user = context.get("user").and_then(Value::as_str).unwrap_or("nobody");
        (order, format!("{user}: {}", note.unwrap_or_default()))
    }

    #[expected]
    async fn reserve(&self, count: u32) -> Result<u32, OutOfStock> {
        if count > 10 { Err(OutOfStock(count)) } else { Ok(count) }
    }

    async fn reload(&self) {
        let _ = self.told.send(format!("{} reloads", self.host));
    }

    async fn _reset(&self) {}
}

#[client(namespace = "shop", version = "1.3")]
trait Orders {
    async fn order(&self, context: Context, order: &Order, note: Option<&str>) -> (Order, String);

    async fn reserve(&self, count: u32) -> u32;

    #[cast(fanout)]
    async fn reload(&self);

    async fn _reset(&self);
}

/// A bus with a shop on it, and what the shop tells.
struct Bench {
    transport: Transport,
    told: mpsc::UnboundedReceiver<String>,
    servers: Vec<RpcServer>,
}

impl Bench {
    async fn with_policy(bus: &str, policy: AccessPolicy) -> Self {
        let transport = Transport::open(&format!("fake://{bus}")).await.expect("a bus");
        let (tell, told) = mpsc::unbounded_channel();
        let mut servers = Vec::new();
        for host in ["host-1", "host-2"] {
            let target = Target::new("shop").with_server(host);
            let server = RpcServer::builder(&transport, target)
                .endpoint(Shop { host, told: tell.clone() })
                .access_policy(policy);
            servers.push(server.start().await.expect("a server"));
        }
        Self { transport, told, servers }
    }

    async fn new(bus: &str) -> Self {
        Self::with_policy(bus, AccessPolicy::Default).await
    }

    fn orders(&self) -> OrdersClient {
        OrdersClient::new(&self.transport, Target::new("shop"))
    }

    /// A client that may say anything.
    fn client(&self) -> RpcClient {
        let target = Target::new("shop").with_namespace("shop");
        RpcClient::new(&self.transport, target)
    }

    /// What a server tells next.
    async fn told(&mut self) -> String {
        let told = tokio::time::timeout(Duration::from_secs(10), self.told.recv()).await;
        told.expect("in time").expect("a server that lives")
    }

    async fn stop(self) {
        for server in self.servers {
            server.stop().await.expect("a graceful stop");
        }
        self.transport.close().await.expect("closed");
    }
}

fn remote(error: &Error) -> (RemoteKind, &str) {
    let remote = error.remote().expect("an answer of the server");
    (remote.kind(), &remote.message)
}

#[tokio::test]
async fn a_typed_client_and_a_typed_server_understand_each_other() {
    let bench = Bench::new("typed").await;
    let order = Order { item: "tea".to_owned(), count: 2 };
    let context = Context::new().with("user", "ada");
    let reply = bench.orders().order(context, &order, Some("soon")).await.expect("a reply");
    assert_eq!(reply, (order, "ada: soon".to_owned()));
    bench.stop().await;
}

#[tokio::test]
async fn a_fanout_reaches_every_server() {
    let mut bench = Bench::new("fanout").await;
    bench.orders().reload().await.expect("sent");
    let mut told = [bench.told().await, bench.told().await];
    told.sort();
    assert_eq!(told, ["host-1 reloads", "host-2 reloads"]);
    bench.stop().await;
}

#[tokio::test]
async fn an_error_of_a_method_arrives_with_its_class() {
    let bench = Bench::new("errors").await;
    assert_eq!(bench.orders().reserve(10).await.expect("enough"), 10);
    let error = bench.orders().reserve(11).await.expect_err("too many");
    assert_eq!(error.kind(), ErrorKind::Remote);
    assert_eq!(remote(&error), (RemoteKind::Application, "11 are too many"));
    assert_eq!(error.remote().map(|remote| remote.class.as_str()), Some("OutOfStock"));
    bench.stop().await;
}

#[tokio::test]
async fn wrong_arguments_come_back_by_name() {
    let bench = Bench::new("arguments").await;
    let cases = [
        (json!({}), "reserve: missing argument 'count'"),
        (
            json!({ "count": "ten" }),
            "reserve: argument 'count': invalid type: string \"ten\", expected u32",
        ),
        (
            json!({ "count": 1, "cuont": 1 }),
            "reserve: unknown argument 'cuont', expected one of count",
        ),
    ];
    for (args, message) in cases {
        let error = bench.client().call::<_, u32>("reserve", args).await.expect_err(message);
        assert_eq!(remote(&error), (RemoteKind::InvalidArguments, message));
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_newer_version_than_that_of_the_endpoint_is_unsupported() {
    let bench = Bench::new("versions").await;
    let newer = bench.orders().with(|call| call.version(busway::Version::new(1, 4)));
    let error = newer.reserve(1).await.expect_err("too new");
    assert_eq!(remote(&error).0, RemoteKind::UnsupportedVersion);
    bench.stop().await;
}

#[tokio::test]
async fn access_policies_see_the_marks() {
    let order = Order { item: "tea".to_owned(), count: 1 };
    let cases = [
        (AccessPolicy::Default, [true, true, false]),
        (AccessPolicy::Explicit, [true, false, false]),
        (AccessPolicy::Legacy, [true, true, true]),
    ];
    for (policy, allowed) in cases {
        let bench = Bench::with_policy("policies", policy).await;
        let orders = bench.orders();
        let results = [
            orders.order(Context::new(), &order, None).await.map(drop),
            orders.reserve(1).await.map(drop),
            orders._reset().await,
        ];
        for (result, allowed) in results.iter().zip(allowed) {
            match result {
                Ok(()) => assert!(allowed, "{policy:?}"),
                Err(error) => {
                    assert_eq!(remote(error).0, RemoteKind::NoSuchMethod);
                    assert!(!allowed, "{policy:?}");
                }
            }
        }
        bench.stop().await;
    }
}

//! One name space of a bus, and how both sides get to it.

use busway_core::rpc::RpcServer;
use busway_core::{Config, Context, Target, Transport};
use busway_testkit::stage::{Journal, Service};
use serde_json::Value;

use super::peer::{Environment, Peer};

pub const TOPIC: &str = "peers";

/// Where a test takes place. Both sides read the same URL, options included.
#[derive(Debug)]
pub struct Stage {
    url: String,
    environment: Environment,
}

impl Stage {
    /// At this URL, which has a query already.
    #[must_use]
    pub fn at(url: String, environment: Environment) -> Self {
        Self { url, environment }
    }

    /// The same, with another option.
    #[must_use]
    pub fn with(self, option: &str) -> Self {
        Self { url: format!("{}&{option}", self.url), ..self }
    }

    pub async fn open(&self) -> Transport {
        Transport::builder().config(Config::new()).open(&self.url).await.expect("a transport")
    }

    async fn start(&self, script: &str, arguments: &[&str]) -> Peer {
        Peer::start(self.environment, script, arguments).await
    }

    pub async fn python_server(&self, name: &str) -> Peer {
        self.start("server.py", &[&self.url, TOPIC, name]).await
    }

    pub async fn python_server_in(&self, exchange: &str, name: &str) -> Peer {
        self.start("server.py", &[&self.url, TOPIC, name, exchange]).await
    }

    /// A Python client, notifier or listener.
    pub async fn python(&self, script: &str) -> Peer {
        self.start(script, &[&self.url, TOPIC]).await
    }

    /// The same with one more argument.
    pub async fn python_with(&self, script: &str, argument: &str) -> Peer {
        self.start(script, &[&self.url, TOPIC, argument]).await
    }
}

/// Serves the topic.
pub async fn serve(transport: &Transport, name: &str, service: Service) -> RpcServer {
    let target = Target::new(TOPIC).with_server(name);
    let builder = RpcServer::builder(transport, target).endpoint(service);
    builder.start().await.expect("a server")
}

/// What the Python server does, in Rust: each method that runs is noted with arguments and
/// context.
pub fn service(name: &'static str, ran: &Journal<Value>) -> Service {
    let (echoed, failed, noted) = (ran.clone(), ran.clone(), ran.clone());
    let entry = |method: &str, args: &Value, context: &Context| serde_json::json!({ "ran": method, "args": args, "context": context.values() });
    Service::new()
        .method("echo", move |args: Value, context| {
            echoed.write(entry("echo", &args, &context));
            let context = context.values().clone();
            async move {
                Ok(serde_json::json!({ "args": args, "context": context, "server": name }))
            }
        })
        .method("fail", move |args: Value, context| {
            failed.write(entry("fail", &args, &context));
            let message = args["message"].as_str().unwrap_or_default().to_owned();
            async move {
                Err::<(), _>(busway_core::rpc::Failure::new("ValueError", "builtins", message))
            }
        })
        .method("note", move |args: Value, context| {
            noted.write(entry("note", &args, &context));
            async { Ok(()) }
        })
}

/// The context that travels in the tests, with every kind of value.
pub fn context() -> Context {
    Context::new()
        .with("user_id", "u-1")
        .with("is_admin", true)
        .with("roles", serde_json::json!(["reader", "müller"]))
        .with("nothing", Value::Null)
}

/// Values that may be hurt on the way.
pub fn values() -> Value {
    serde_json::json!({
        "text": "Grüße, \u{1f44b} \u{0} \"\\",
        "big": 9_007_199_254_740_993_i64,
        "biggest": u64::MAX,
        "negative": i64::MIN,
        "real": 0.1,
        "nothing": null,
        "deep": { "list": [[], {}, [1, [2, [3]]]], "": "empty key" },
        "long": "x".repeat(300_000),
    })
}

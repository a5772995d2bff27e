//! The bytes of the pika driver, beside those recorded of oslo.messaging's: property by property.

mod record;

use std::process::ExitCode;
use std::time::Duration;

use async_trait::async_trait;
use busway_core::driver::Retry;
use busway_core::rpc::{Endpoint, Failure, RpcClient, RpcServer, Visibility};
use busway_core::{
    Config, Context, NotificationListener, Notifier, Payload, Target, Transport, Version,
    endpoint_fn,
};
use busway_testkit::brokers::RabbitMq;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use busway_driver_pika as _;
use busway_tests::Tap;

const RECORDED: &str = include_str!("recorded.jsonl");

/// The server of the recorded exchange.
struct Recorded;

#[async_trait]
impl Endpoint for Recorded {
    fn visibility(&self, _: &str) -> Option<Visibility> {
        Some(Visibility::Public)
    }

    async fn call(
        &self,
        method: &str,
        args: Payload,
        context: Context,
    ) -> Result<Payload, Failure> {
        let message = args.to::<Value>()?["message"].clone();
        match method {
            "echo" => Ok(Payload::of(&json!({ "echo": message, "user": context.get("user_id") }))?),
            "boom" => Err(Failure::new("ValueError", "builtins", "boom x")),
            _ => Ok(Payload::null()),
        }
    }
}

fn context() -> Context {
    Context::new().with("user_id", "u1").with("request_id", "req-1").with("is_admin", true)
}

/// Does what was done when the samples were recorded.
async fn exchange(transport: &Transport) -> busway_core::Result<()> {
    let target = Target::new("wiretopic").with_server("wirehost");
    let server = RpcServer::builder(transport, target).endpoint(Recorded).start().await?;
    let client = RpcClient::new(transport, Target::new("wiretopic").with_version(Version::ONE));
    let timed = || client.prepare().context(context()).timeout(Duration::from_secs(5));
    let to_server = || timed().server("wirehost");
    to_server().call::<_, Value>("echo", json!({ "message": "hi" })).await?;
    to_server().retry(Retry::NEVER).call::<_, Value>("echo", json!({ "message": "hi0" })).await?;
    timed().call::<_, Value>("echo", json!({ "message": "hitopic" })).await?;
    let failed = to_server().call::<_, Value>("boom", json!({ "message": "x" })).await;
    assert_eq!(
        failed.expect_err("a failure").remote().map(|it| it.class.as_str()),
        Some("ValueError")
    );
    let untimed = client.prepare().context(context());
    untimed.clone().server("wirehost").cast("note", json!({ "message": "c" })).await?;
    untimed.fanout(true).cast("note", json!({ "message": "f" })).await?;
    server.stop().await
}

async fn notification(transport: &Transport) -> busway_core::Result<()> {
    let listening =
        NotificationListener::builder(transport)
            .topic("wirenotif")
            .endpoint(endpoint_fn(busway_core::notify::Priority::Info, async |_| {
                Ok(busway_core::Handled::Done)
            }));
    let listener = listening.start().await?;
    let notifier =
        Notifier::builder(transport).publisher_id("pub1").topics(["wirenotif"]).build()?;
    notifier.prepare().context(context()).info("ev.type", json!({ "k": "v" })).await?;
    listener.stop().await
}

/// Talks through a tap to a broker of its own, and compares.
async fn compare() {
    let broker = RabbitMq::start().expect("a broker");
    let tap = Tap::start(broker.address()).await.expect("a tap");
    let patience = "socket_timeout=5&tcp_user_timeout=5&heartbeat_interval=10";
    let url = format!("pika://guest:guest@127.0.0.1:{}/?{patience}", tap.address().port());
    let transport = Transport::builder().config(Config::new()).open(&url).await.expect("open");
    exchange(&transport).await.expect("the exchange");
    notification(&transport).await.expect("the notification");
    transport.close().await.expect("closed");

    let said = record::records(&tap);
    let recorded: Vec<Value> = RECORDED
        .lines()
        .map(|line| record::same(serde_json::from_str(line).expect("a sample")))
        .collect();
    for sample in &recorded {
        assert!(said.contains(sample), "not said:\n{sample:#}\nsaid:\n{said:#?}");
    }
    for one in &said {
        assert!(recorded.contains(one), "never recorded:\n{one:#}");
    }
}

fn run() -> Result<Completion, Failed> {
    if let Some(reason) = RabbitMq::missing() {
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            return Err(format!("missing: {reason}").into());
        }
        return Ok(Completion::ignored_with(format!("missing: {reason}")));
    }
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(compare());
    Ok(Completion::Completed)
}

fn main() -> ExitCode {
    let trial = Trial::ignorable_test("what_is_said_is_what_oslo_messaging_says", run);
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

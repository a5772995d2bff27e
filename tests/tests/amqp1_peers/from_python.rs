//! oslo.messaging calls, Busway serves: what the drivers for AMQP 1.0 do besides.

use busway_core::Target;
use busway_core::rpc::RpcServer;
use busway_testkit::stage::{Gate, Journal};
pub(crate) use busway_tests::peers::from_python::*;
use busway_tests::peers::{Stage, TOPIC, serve, service};
use serde_json::{Value, json};

use crate::to_python::MONITOR;

pub(crate) async fn a_named_exchange_is_the_same_to_both(stage: Stage) {
    let transport = stage.open().await;
    let target = Target::new(TOPIC).with_server("rs-1").with_exchange("shop");
    let shop = RpcServer::builder(&transport, target).endpoint(service("rs-1", &Journal::new()));
    let shop = shop.start().await.expect("a server");
    let other = serve(&transport, "rs-2", service("rs-2", &Journal::new())).await;
    let mut client = stage.python("client.py").await;
    let mut call = async |prepare: Value| {
        client.ask(&json!({ "do": "call", "method": "echo", "prepare": prepare })).await
    };
    for _ in 0..2 {
        let reply = call(json!({ "exchange": "shop" })).await;
        assert_eq!(reply["result"]["server"], "rs-1", "{reply}");
        let reply = call(json!({})).await;
        assert_eq!(reply["result"]["server"], "rs-2", "{reply}");
    }
    client.stop().await;
    shop.stop().await.expect("stopped");
    other.stop().await.expect("stopped");
    transport.close().await.expect("closed");
}

pub(crate) async fn a_monitored_call_lasts_as_long_as_its_handler_runs(stage: Stage) {
    let transport = stage.open().await;
    let gate = Gate::shut();
    let server = serve(&transport, "rs-1", service("rs-1", &Journal::new()).waiting(&gate)).await;
    let mut client = stage.python("client.py").await;
    let monitor = MONITOR.as_secs();
    let call = json!({
        "do": "call", "method": "wait",
        "prepare": { "call_monitor_timeout": monitor, "timeout": 60 },
    });
    let opening = async {
        gate.entered(1).await;
        // Without heartbeats the caller would have given up by now.
        tokio::time::sleep(2 * MONITOR).await;
        gate.open();
    };
    let (reply, ()) = tokio::join!(client.ask(&call), opening);
    assert!(reply.get("result").is_some(), "{reply}");
    client.stop().await;
    server.stop().await.expect("stopped");
    transport.close().await.expect("closed");
}

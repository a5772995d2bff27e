//! Busway calls, oslo.messaging serves: what only RabbitMQ and the pika driver do.

use std::time::Duration;

use busway_core::ErrorKind;
use busway_core::Target;
use busway_core::driver::Retry;
use busway_core::rpc::RpcClient;
use busway_testkit::stage::client;
pub(crate) use busway_tests::peers::to_python::*;
use busway_tests::peers::{Stage, TOPIC};
use serde_json::{Value, json};

pub(crate) async fn a_call_is_answered_in_msgpack(stage: Stage) {
    answered(stage.with("default_serializer_type=msgpack")).await;
}

pub(crate) async fn a_named_exchange_is_the_same_to_both(stage: Stage) {
    let server = stage.python_server_in("shop", "py-1").await;
    let transport = stage.open().await;
    let client = client(&transport, TOPIC);
    let call = client.prepare().exchange("shop");
    let reply: Value = call.call("echo", json!({})).await.expect("an answer");
    assert_eq!(reply["server"], "py-1");
    let elsewhere = client.call::<_, Value>("echo", json!({})).await;
    assert_eq!(elsewhere.expect_err("nobody").kind(), ErrorKind::Undeliverable);
    transport.close().await.expect("closed");
    server.stop().await;
}

pub(crate) async fn values_that_json_lacks_are_refused_in_msgpack(stage: Stage) {
    let stage = stage.with("default_serializer_type=msgpack");
    let mut server = stage.python_server("py-1").await;
    let transport = stage.open().await;
    let client = client(&transport, TOPIC);
    let odd = client.call::<_, Value>("odd", json!({})).await;
    assert_eq!(odd.expect_err("no JSON").kind(), ErrorKind::Serialization);
    let reply: Value = client.call("echo", json!({ "it": 1 })).await.expect("an answer");
    assert_eq!(reply["args"], json!({ "it": 1 }));
    assert_eq!(server.next().await["args"], json!({ "it": 1 }));
    transport.close().await.expect("closed");
    server.stop().await;
}

pub(crate) async fn a_call_to_nobody_fails_at_once(stage: Stage) {
    let server = stage.python_server("py-1").await;
    let transport = stage.open().await;
    for (topic, server) in [("nobody", None), (TOPIC, Some("py-2"))] {
        let target = Target::new(topic);
        let client =
            RpcClient::builder(&transport, target).timeout(Duration::from_mins(10)).build();
        for retry in [Retry::NEVER, Retry::Forever] {
            let call = client.prepare().retry(retry);
            let call = if let Some(server) = server { call.server(server) } else { call };
            let failed = call.call::<_, Value>("echo", json!({})).await;
            assert_eq!(failed.expect_err("nobody").kind(), ErrorKind::Undeliverable);
        }
    }
    transport.close().await.expect("closed");
    server.stop().await;
}

//! oslo.messaging calls, Busway serves: what only RabbitMQ and the pika driver do.

use busway_core::Target;
use busway_core::rpc::RpcServer;
use busway_testkit::stage::Journal;
pub(crate) use busway_tests::peers::from_python::*;
use busway_tests::peers::{Stage, TOPIC, serve, service};
use serde_json::{Value, json};

pub(crate) async fn a_call_is_answered_in_msgpack(stage: Stage) {
    answered(stage.with("default_serializer_type=msgpack")).await;
}

pub(crate) async fn a_named_exchange_is_the_same_to_both(stage: Stage) {
    let transport = stage.open().await;
    let target = Target::new(TOPIC).with_server("rs-1").with_exchange("shop");
    let echo = service("rs-1", &Journal::new());
    let server = RpcServer::builder(&transport, target).endpoint(echo);
    let server = server.start().await.expect("a server");
    let mut client = stage.python("client.py").await;
    let mut call = async |prepare: Value| {
        client.ask(&json!({ "do": "call", "method": "echo", "prepare": prepare })).await
    };
    let reply = call(json!({ "exchange": "shop" })).await;
    assert_eq!(reply["result"]["server"], "rs-1", "{reply}");
    // Nobody has declared the default exchange yet, so that it is missing at first.
    for problem in ["ExchangeNotFoundException", "RoutingException"] {
        let elsewhere = call(json!({ "retry": 0, "timeout": 600 })).await;
        assert_eq!(elsewhere["error"]["class"], problem, "{elsewhere}");
    }
    client.stop().await;
    server.stop().await.expect("stopped");
    transport.close().await.expect("closed");
}

pub(crate) async fn values_that_json_lacks_are_refused_in_msgpack(stage: Stage) {
    let stage = stage.with("default_serializer_type=msgpack");
    let transport = stage.open().await;
    let ran = Journal::new();
    let server = serve(&transport, "rs-1", service("rs-1", &ran)).await;
    let mut client = stage.python("client.py").await;
    let call = json!({
        "do": "call", "method": "echo", "odd": true, "prepare": { "timeout": 1.5 },
    });
    let odd = client.ask(&call).await;
    assert_eq!(odd["error"]["class"], "MessagingTimeout", "{odd}");
    let call = json!({ "do": "call", "method": "echo", "args": { "it": 1 } });
    assert_eq!(client.ask(&call).await["result"]["args"], json!({ "it": 1 }));
    assert_eq!(ran.next().await["args"], json!({ "it": 1 }));
    client.stop().await;
    server.stop().await.expect("stopped");
    assert_eq!(ran.rest().await, Vec::<Value>::new());
    transport.close().await.expect("closed");
}

pub(crate) async fn a_call_to_nobody_fails_at_once(stage: Stage) {
    let transport = stage.open().await;
    let server = serve(&transport, "rs-1", service("rs-1", &Journal::new())).await;
    let mut client = stage.python("client.py").await;
    for way in [json!({ "topic": "nobody" }), json!({ "topic": TOPIC, "server": "rs-2" })] {
        let mut prepare = way;
        // Without retries the driver tells at once; with them it tries as often first.
        prepare["retry"] = 0.into();
        prepare["timeout"] = 600.into();
        let call = json!({ "do": "call", "method": "echo", "prepare": prepare });
        let failed = client.ask(&call).await;
        assert_eq!(failed["error"]["class"], "RoutingException", "{failed}");
    }
    let prepare = json!({ "server": "rs-2", "retry": 2, "timeout": 600 });
    let failed = client.ask(&json!({ "do": "call", "method": "echo", "prepare": prepare })).await;
    assert_eq!(failed["error"]["class"], "RetryError", "{failed}");
    let prepare = json!({ "server": "rs-2", "timeout": 1.5 });
    let failed = client.ask(&json!({ "do": "call", "method": "echo", "prepare": prepare })).await;
    assert_eq!(failed["error"]["class"], "MessagingTimeout", "{failed}");
    client.stop().await;
    server.stop().await.expect("stopped");
    transport.close().await.expect("closed");
}

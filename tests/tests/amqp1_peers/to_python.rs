//! Busway calls, oslo.messaging serves: what the drivers for AMQP 1.0 do besides.

use std::time::Duration;

use busway_core::ErrorKind;
use busway_testkit::stage::client;
pub(crate) use busway_tests::peers::to_python::*;
use busway_tests::peers::{Stage, TOPIC};
use serde_json::{Value, json};

pub(crate) async fn a_named_exchange_is_the_same_to_both(stage: Stage) {
    let servers = [stage.python_server_in("shop", "py-1").await, stage.python_server("py-2").await];
    let transport = stage.open().await;
    let client = client(&transport, TOPIC);
    for _ in 0..2 {
        let call = client.prepare().exchange("shop");
        let reply: Value = call.call("echo", json!({})).await.expect("an answer");
        assert_eq!(reply["server"], "py-1");
        let reply: Value = client.call("echo", json!({})).await.expect("an answer");
        assert_eq!(reply["server"], "py-2");
    }
    transport.close().await.expect("closed");
    for server in servers {
        server.stop().await;
    }
}

pub(crate) async fn a_monitored_call_lasts_as_long_as_its_handler_runs(stage: Stage) {
    let mut server = stage.python_server("py-1").await;
    let transport = stage.open().await;
    let monitored = client(&transport, TOPIC).prepare().call_monitor_timeout(MONITOR);
    let calling = monitored.call::<_, Value>("wait", json!({}));
    let releasing = async {
        assert_eq!(server.next().await["ran"], "wait");
        // Without heartbeats the caller would have given up by now.
        tokio::time::sleep(2 * MONITOR).await;
        server.tell(&json!({ "release": true })).await;
    };
    let (reply, ()) = tokio::join!(calling, releasing);
    assert_eq!(reply.expect("an answer"), "waited");
    transport.close().await.expect("closed");
    server.stop().await;
}

/// As short as oslo.messaging takes it: whole seconds, of which it lets the half pass.
pub(crate) const MONITOR: Duration = Duration::from_secs(2);

pub(crate) async fn a_call_that_nobody_keeps_alive_ends(stage: Stage) {
    let transport = stage.open().await;
    let monitored = client(&transport, TOPIC).prepare().call_monitor_timeout(MONITOR);
    let monitored = monitored.timeout(Duration::from_mins(10));
    // There is a queue that keeps it, and nobody who takes it.
    assert_eq!(
        monitored.call::<_, Value>("echo", json!({})).await.expect_err("nobody").kind(),
        ErrorKind::Timeout
    );
    transport.close().await.expect("closed");
}

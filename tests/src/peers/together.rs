//! Servers of both kinds on one topic.

use std::collections::BTreeMap;

use busway_testkit::stage::{Journal, caster, client};
use serde_json::{Value, json};

use super::{Stage, TOPIC, context, serve, service};

pub async fn servers_of_a_topic_take_turns(stage: Stage) {
    const CALLS: usize = 20;

    let python = stage.python_server("py-1").await;
    let transport = stage.open().await;
    let rust = serve(&transport, "rs-1", service("rs-1", &Journal::new())).await;
    let rust_client = client(&transport, TOPIC);
    let mut python_client = stage.python("client.py").await;

    let mut served = BTreeMap::<String, usize>::new();
    for number in 0..CALLS {
        let args = json!({ "number": number });
        let reply: Value = if number % 4 < 2 {
            rust_client.call("echo", &args).await.expect("an answer")
        } else {
            let call = json!({ "do": "call", "method": "echo", "args": args });
            python_client.ask(&call).await["result"].take()
        };
        assert_eq!(reply["args"], args);
        let by = reply["server"].as_str().expect("a name").to_owned();
        *served.entry(by).or_default() += 1;
    }
    let each = CALLS / 2;
    assert_eq!(served, BTreeMap::from([("py-1".into(), each), ("rs-1".into(), each)]));

    python_client.stop().await;
    rust.stop().await.expect("stopped");
    transport.close().await.expect("closed");
    python.stop().await;
}

pub async fn a_fan_out_reaches_each_server(stage: Stage) {
    let mut pythons = [stage.python_server("py-1").await, stage.python_server("py-2").await];
    let transport = stage.open().await;
    let ran = Journal::new();
    let rust = serve(&transport, "rs-1", service("rs-1", &ran)).await;
    let mut python_client = stage.python("client.py").await;
    let context = context();
    let noted =
        |it: &str| json!({ "ran": "note", "args": { "it": it }, "context": context.values() });

    let from_rust = caster(&transport, TOPIC).prepare().fanout(true).context(context.clone());
    from_rust.cast("note", json!({ "it": "from Rust" })).await.expect("sent");
    let from_python = json!({
        "do": "cast", "method": "note", "args": { "it": "from Python" },
        "context": context.values(), "prepare": { "fanout": true },
    });
    // Those who come first were served first: the two may overtake each other.
    for python in &mut pythons {
        assert_eq!(python.next().await, noted("from Rust"));
    }
    assert_eq!(ran.next().await, noted("from Rust"));
    assert_eq!(python_client.ask(&from_python).await, json!({ "result": null }));
    for python in &mut pythons {
        assert_eq!(python.next().await, noted("from Python"));
    }
    assert_eq!(ran.next().await, noted("from Python"));

    python_client.stop().await;
    rust.stop().await.expect("stopped");
    assert_eq!(ran.rest().await, Vec::<Value>::new());
    transport.close().await.expect("closed");
    for python in pythons {
        assert_eq!(python.stop().await, Vec::<Value>::new());
    }
}

//! Both write routable addresses where they are told to.

use busway_core::notify::Priority;
use busway_testkit::stage::{Journal, caster, client};
use busway_tests::peers::notifications::{command, listen, same, told};
use busway_tests::peers::{Stage, TOPIC, serve, service};
use serde_json::{Value, json};

pub(crate) async fn both_find_each_other(stage: Stage) {
    let stage = stage.with("addressing_mode=routable").with("default_rpc_exchange=calls");
    let mut python = stage.python_server("py-1").await;
    let transport = stage.open().await;
    let to_python = client(&transport, TOPIC).prepare().server("py-1");
    let reply: Value = to_python.call("echo", json!({})).await.expect("an answer");
    assert_eq!(reply["server"], "py-1");
    assert_eq!(python.next().await["ran"], "echo");

    let ran = Journal::new();
    let rust = serve(&transport, "rs-1", service("rs-1", &ran)).await;
    let mut caller = stage.python("client.py").await;
    let call = json!({ "do": "call", "method": "echo", "prepare": { "server": "rs-1" } });
    assert_eq!(caller.ask(&call).await["result"]["server"], "rs-1");
    assert_eq!(ran.next().await["ran"], "echo");

    let fanout = caster(&transport, TOPIC).prepare().fanout(true);
    fanout.cast("note", json!({ "it": 1 })).await.expect("sent");
    assert_eq!(ran.next().await["args"], json!({ "it": 1 }));
    assert_eq!(python.next().await["args"], json!({ "it": 1 }));

    let heard = Journal::new();
    let listener = listen(&transport, &heard, None).await;
    let mut notifier = stage.python("notifier.py").await;
    notifier.ask(&command(Priority::Error, "lost", &json!(1))).await;
    let expected = told(Priority::Error, "python.peer", "lost", &json!(1));
    assert_eq!(same(heard.next().await), expected);

    notifier.stop().await;
    caller.stop().await;
    listener.stop().await.expect("stopped");
    rust.stop().await.expect("stopped");
    transport.close().await.expect("closed");
    python.stop().await;
}

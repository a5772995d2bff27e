//! oslo.messaging calls, Busway serves.

use busway_core::rpc::{Failure, RpcServer};
use busway_core::{Target, Version};
use busway_testkit::stage::{Gate, Journal, Service};
use serde_json::{Value, json};

use super::{Stage, context, serve, service, values};

pub async fn a_call_is_answered(stage: Stage) {
    answered(stage).await;
}

pub async fn answered(stage: Stage) {
    let transport = stage.open().await;
    let ran = Journal::new();
    let server = serve(&transport, "rs-1", service("rs-1", &ran)).await;
    let mut client = stage.python("client.py").await;
    let context = json!(context().values());
    let ways = [
        json!({}),
        json!({ "server": "rs-1" }),
        json!({ "retry": 0 }),
        json!({ "server": "rs-1", "retry": 0 }),
        json!({ "retry": 2, "timeout": 10 }),
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let args = json!({ "number": number });
        let call = json!({
            "do": "call", "method": "echo", "args": args, "context": context, "prepare": way,
        });
        let reply = json!({ "args": args, "context": context, "server": "rs-1" });
        assert_eq!(client.ask(&call).await, json!({ "result": reply }));
        assert_eq!(ran.next().await, json!({ "ran": "echo", "args": args, "context": context }));
    }
    client.stop().await;
    server.stop().await.expect("stopped");
    // Each ran once.
    assert_eq!(ran.rest().await, Vec::<Value>::new());
    transport.close().await.expect("closed");
}

pub async fn values_come_back_as_they_went(stage: Stage) {
    let transport = stage.open().await;
    let server = serve(&transport, "rs-1", service("rs-1", &Journal::new())).await;
    let mut client = stage.python("client.py").await;
    let call = json!({ "do": "call", "method": "echo", "args": values() });
    assert_eq!(client.ask(&call).await["result"]["args"], values());
    client.stop().await;
    server.stop().await.expect("stopped");
    transport.close().await.expect("closed");
}

pub async fn many_calls_at_once_get_their_own_answers(stage: Stage) {
    const CALLS: usize = 200;

    let transport = stage.open().await;
    let ran = Journal::new();
    let server = serve(&transport, "rs-1", service("rs-1", &ran)).await;
    let mut client = stage.python("client.py").await;
    for retry in [0, 1] {
        let calls = json!({
            "do": "call", "method": "echo", "numbers": CALLS, "prepare": { "retry": retry },
        });
        let said = client.ask(&calls).await;
        let replies = said["all"].as_array().expect("all");
        assert_eq!(replies.len(), CALLS);
        for (number, reply) in replies.iter().enumerate() {
            assert_eq!(reply["result"]["args"], json!({ "number": number }), "{reply}");
        }
        assert_eq!(ran.take(CALLS).await.len(), CALLS);
    }
    client.stop().await;
    server.stop().await.expect("stopped");
    assert_eq!(ran.rest().await, Vec::<Value>::new());
    transport.close().await.expect("closed");
}

pub async fn values_that_json_lacks_come_as_text(stage: Stage) {
    let transport = stage.open().await;
    let server = serve(&transport, "rs-1", service("rs-1", &Journal::new())).await;
    let mut client = stage.python("client.py").await;
    let reply = client.ask(&json!({ "do": "call", "method": "echo", "odd": true })).await;
    let came = json!({
        "when": "2026-01-02T03:04:05.678000",
        "id": "00000000-0000-0000-0000-000000000007",
        "some": [1],
    });
    assert_eq!(reply["result"]["args"], came, "{reply}");
    client.stop().await;
    server.stop().await.expect("stopped");
    transport.close().await.expect("closed");
}

pub async fn a_failure_is_raised(stage: Stage) {
    let transport = stage.open().await;
    let odd = Service::new().method("odd", |_: Value, _| async {
        Err::<(), _>(Failure::new("OutOfStock", "shop::stock", "no more"))
    });
    let server = serve(&transport, "rs-1", service("rs-1", &Journal::new())).await;
    let target = Target::new("odd").with_server("rs-1");
    let other = RpcServer::builder(&transport, target).endpoint(odd);
    let other = other.start().await.expect("a server");
    let mut client = stage.python("client.py").await;

    // An exception of Python's own is raised as one that `except ValueError` catches.
    for retry in [0, 1] {
        let call = json!({
            "do": "call", "method": "fail", "args": { "message": "schön x" },
            "prepare": { "retry": retry },
        });
        let error = &client.ask(&call).await["error"];
        let bases = error["bases"].as_array().expect("bases");
        assert!(bases.contains(&json!("ValueError")), "{error}");
        assert!(error["text"].as_str().is_some_and(|text| text.starts_with("schön x")), "{error}");
    }
    // Any other is a RemoteError.
    let call = json!({ "do": "call", "method": "odd", "prepare": { "topic": "odd" } });
    let error = &client.ask(&call).await["error"];
    assert_eq!(error["class"], "RemoteError", "{error}");
    assert_eq!(error["exc_type"], "OutOfStock", "{error}");
    assert!(error["text"].as_str().is_some_and(|text| text.contains("no more")), "{error}");

    client.stop().await;
    server.stop().await.expect("stopped");
    other.stop().await.expect("stopped");
    transport.close().await.expect("closed");
}

pub async fn what_the_server_does_not_have_is_named(stage: Stage) {
    let transport = stage.open().await;
    let versioned = Service::new()
        .at(Target::default().with_namespace("versions").with_version(Version::new(1, 3)))
        .method("version", |_: Value, _| async { Ok("1.3") });
    let server = serve(&transport, "rs-1", versioned).await;
    let mut client = stage.python("client.py").await;
    let mut call = async |method: &str, prepare: Value| {
        client.ask(&json!({ "do": "call", "method": method, "prepare": prepare })).await
    };
    let none = call("nothing", json!({ "namespace": "versions" })).await;
    assert_eq!(none["error"]["exc_type"], "NoSuchMethod", "{none}");
    let newer = call("version", json!({ "namespace": "versions", "version": "1.4" })).await;
    assert_eq!(newer["error"]["exc_type"], "UnsupportedVersion", "{newer}");
    let older = call("version", json!({ "namespace": "versions", "version": "1.2" })).await;
    assert_eq!(older, json!({ "result": "1.3" }));
    client.stop().await;
    server.stop().await.expect("stopped");
    transport.close().await.expect("closed");
}

pub async fn casts_and_fan_outs_arrive(stage: Stage) {
    let transport = stage.open().await;
    let (first, second) = (Journal::new(), Journal::new());
    let servers = [
        serve(&transport, "rs-1", service("rs-1", &first)).await,
        serve(&transport, "rs-2", service("rs-2", &second)).await,
    ];
    let mut client = stage.python("client.py").await;
    let context = json!(context().values());
    for retry in [0, 1] {
        let mut cast = async |it: &str, mut prepare: Value| {
            prepare["retry"] = retry.into();
            let cast = json!({
                "do": "cast", "method": "note", "args": { "it": it }, "context": context,
                "prepare": prepare,
            });
            assert_eq!(client.ask(&cast).await, json!({ "result": null }));
        };
        let noted = |it: &str| json!({ "ran": "note", "args": { "it": it }, "context": context });
        cast("two", json!({ "server": "rs-2" })).await;
        assert_eq!(second.next().await, noted("two"));
        cast("one", json!({ "server": "rs-1" })).await;
        assert_eq!(first.next().await, noted("one"));
        cast("all", json!({ "fanout": true })).await;
        assert_eq!([first.next().await, second.next().await], [noted("all"), noted("all")]);
    }
    client.stop().await;
    for server in servers {
        server.stop().await.expect("stopped");
    }
    assert_eq!([first.rest().await, second.rest().await], [[], []] as [[Value; 0]; 2]);
    transport.close().await.expect("closed");
}

pub async fn a_call_times_out_and_its_late_reply_harms_nobody(stage: Stage) {
    let transport = stage.open().await;
    let gate = Gate::shut();
    let server = serve(&transport, "rs-1", service("rs-1", &Journal::new()).waiting(&gate)).await;
    let mut client = stage.python("client.py").await;
    // All is connected before the short call: it comes in time, and its answer waits.
    let echo = json!({ "do": "call", "method": "echo", "args": { "it": 1 } });
    assert_eq!(client.ask(&echo).await["result"]["args"], json!({ "it": 1 }));
    let wait = json!({ "do": "call", "method": "wait", "prepare": { "timeout": 3 } });
    let late = client.ask(&wait).await;
    assert_eq!(late["error"]["class"], "MessagingTimeout", "{late}");
    gate.entered(1).await;
    gate.open();
    assert_eq!(client.ask(&echo).await["result"]["args"], json!({ "it": 1 }));
    client.stop().await;
    server.stop().await.expect("stopped");
    transport.close().await.expect("closed");
}

//! Busway calls, oslo.messaging serves.

use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::{ErrorKind, RemoteKind, Transport, Version};
use busway_testkit::stage::{caster, client};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Stage, TOPIC, context, values};

pub async fn a_call_is_answered(stage: Stage) {
    answered(stage).await;
}

pub async fn answered(stage: Stage) {
    let mut server = stage.python_server("py-1").await;
    let transport = stage.open().await;
    let client = client(&transport, TOPIC);
    let context = context();
    let prepared = client.prepare().context(context.clone());
    let ways = [
        prepared.clone(),
        prepared.clone().server("py-1"),
        prepared.clone().retry(Retry::NEVER),
        prepared.clone().server("py-1").retry(Retry::NEVER),
        prepared.clone().retry(Retry::Times(2)),
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let args = json!({ "number": number });
        let reply: Value = way.call("echo", &args).await.expect("an answer");
        assert_eq!(reply, json!({ "args": args, "context": context.values(), "server": "py-1" }));
        let ran = json!({ "ran": "echo", "args": args, "context": context.values() });
        assert_eq!(server.next().await, ran);
    }
    end(transport).await;
    // Each ran once.
    assert_eq!(server.stop().await, Vec::<Value>::new());
}

pub async fn many_calls_at_once_get_their_own_answers(stage: Stage) {
    const CALLS: usize = 200;

    let mut server = stage.python_server("py-1").await;
    let transport = stage.open().await;
    let client = client(&transport, TOPIC);
    let calls = join_all((0..CALLS).map(|number| {
        let retry = if number % 2 == 0 { Retry::NEVER } else { Retry::Times(1) };
        let call = client.prepare().retry(retry);
        async move { call.call::<_, Value>("echo", json!({ "number": number })).await }
    }));
    let reading = async {
        for _ in 0..CALLS {
            server.next().await;
        }
    };
    let (replies, ()) = tokio::join!(calls, reading);
    for (number, reply) in replies.into_iter().enumerate() {
        assert_eq!(reply.expect("an answer")["args"], json!({ "number": number }));
    }
    end(transport).await;
    assert_eq!(server.stop().await, Vec::<Value>::new());
}

pub async fn values_come_back_as_they_went(stage: Stage) {
    let mut server = stage.python_server("py-1").await;
    let transport = stage.open().await;
    let client = client(&transport, TOPIC);
    // What it says is more than fits into a pipe that nobody reads.
    let (reply, ran) = tokio::join!(client.call::<_, Value>("echo", values()), server.next());
    assert_eq!(reply.expect("an answer")["args"], values());
    assert_eq!(ran["args"], values());
    end(transport).await;
    server.stop().await;
}

pub async fn values_that_json_lacks_come_as_text(stage: Stage) {
    let server = stage.python_server("py-1").await;
    let transport = stage.open().await;
    let reply: Value = client(&transport, TOPIC).call("odd", json!({})).await.expect("an answer");
    let came = json!({
        "when": "2026-01-02T03:04:05.678000",
        "id": "00000000-0000-0000-0000-000000000007",
        "some": [1],
    });
    assert_eq!(reply, came);
    end(transport).await;
    server.stop().await;
}

pub async fn a_failure_has_class_module_message_and_traceback(stage: Stage) {
    let server = stage.python_server("py-1").await;
    let transport = stage.open().await;
    for retry in [Retry::NEVER, Retry::Times(1)] {
        let call = client(&transport, TOPIC).prepare().retry(retry);
        let failed = call.call::<_, Value>("fail", json!({ "message": "schön x" })).await;
        let error = failed.expect_err("a failure");
        assert_eq!(error.kind(), ErrorKind::Remote);
        let remote = error.remote().expect("what failed there");
        assert_eq!(remote.kind(), RemoteKind::Application);
        assert_eq!((&*remote.class, &*remote.module), ("ValueError", "builtins"));
        assert_eq!(remote.message, "schön x");
        let traceback = remote.traceback.concat();
        assert!(traceback.contains("raise ValueError(message)"), "{traceback}");
    }
    end(transport).await;
    server.stop().await;
}

pub async fn what_the_server_does_not_have_is_named(stage: Stage) {
    let server = stage.python_server("py-1").await;
    let transport = stage.open().await;
    let client = client(&transport, TOPIC);
    let kind = |result: busway_core::Result<Value>| {
        let error = result.expect_err("a failure");
        let remote = error.remote().expect("what failed there").clone();
        (remote.kind(), remote.class)
    };
    let none = client.call("nothing", json!({})).await;
    assert_eq!(kind(none), (RemoteKind::NoSuchMethod, "NoSuchMethod".into()));
    // Python does not tell the caller's mistake from one of the method's own.
    let missing = client.call("fail", json!({})).await;
    assert_eq!(kind(missing), (RemoteKind::Application, "TypeError".into()));
    let versions = client.prepare().namespace("versions");
    let newer = versions.clone().version(Version::new(1, 4)).call("version", json!({})).await;
    assert_eq!(kind(newer), (RemoteKind::UnsupportedVersion, "UnsupportedVersion".into()));
    let older = versions.version(Version::new(1, 2)).call::<_, Value>("version", json!({})).await;
    assert_eq!(older.expect("an answer"), "1.3");
    end(transport).await;
    server.stop().await;
}

pub async fn casts_and_fan_outs_arrive(stage: Stage) {
    let mut first = stage.python_server("py-1").await;
    let mut second = stage.python_server("py-2").await;
    let transport = stage.open().await;
    let caster = caster(&transport, TOPIC);
    for retry in [Retry::NEVER, Retry::Times(1)] {
        let note = |it: &str| json!({ "it": it });
        let prepared = caster.prepare().retry(retry).context(context());
        prepared.clone().server("py-2").cast("note", note("two")).await.expect("sent");
        assert_eq!(second.next().await["args"], note("two"));
        prepared.clone().server("py-1").cast("note", note("one")).await.expect("sent");
        assert_eq!(first.next().await["args"], note("one"));
        prepared.fanout(true).cast("note", note("all")).await.expect("sent");
        let all = json!({ "ran": "note", "args": note("all"), "context": context().values() });
        assert_eq!([first.next().await, second.next().await], [all.clone(), all]);
    }
    end(transport).await;
    assert_eq!([first.stop().await, second.stop().await], [[], []] as [[Value; 0]; 2]);
}

pub async fn a_call_times_out_and_its_late_reply_harms_nobody(stage: Stage) {
    let mut server = stage.python_server("py-1").await;
    let transport = stage.open().await;
    let client = client(&transport, TOPIC);
    // All is connected before the short call: it comes in time, and its answer waits for the
    // test's word.
    client.call::<_, Value>("echo", json!({})).await.expect("an answer");
    server.next().await;
    let short = client.prepare().timeout(Duration::from_secs(3));
    let late = short.call::<_, Value>("wait", json!({})).await;
    assert_eq!(late.expect_err("too late").kind(), ErrorKind::Timeout);
    assert_eq!(server.next().await["ran"], "wait");
    server.tell(&json!({ "release": true })).await;
    let reply: Value = client.call("echo", json!({ "it": 1 })).await.expect("an answer");
    assert_eq!(reply["args"], json!({ "it": 1 }));
    end(transport).await;
    server.stop().await;
}

async fn end(transport: Transport) {
    transport.close().await.expect("closed");
}

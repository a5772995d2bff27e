//! Remote failures: every kind, as the caller sees it, with the server living on.

use busway_core::rpc::Failure;
use busway_core::{Error, ErrorKind, RemoteError, RemoteKind, Transport, Version};
use serde_json::{Value, json};

use crate::Harness;
use crate::stage::{Journal, Service, caster, client, open, serve};
use crate::suite::{CaseResult, ON_PURPOSE, cases};

cases! {
    [Rpc]
    a_method_nobody_has_is_no_such_method;
    a_version_nobody_serves_is_an_unsupported_version;
    a_namespace_nobody_serves_is_an_unsupported_version;
    an_application_failure_keeps_class_module_message_and_traceback;
    an_expected_failure_reaches_the_caller_like_any_other;
    ill_typed_arguments_are_a_failure_of_the_handler;
    invalid_arguments_know_their_kind;
    a_panic_is_a_failure_and_the_server_lives_on;
    a_failing_cast_leaves_the_server_serving;
    a_failure_passes_through_a_chain_of_servers;
    a_failure_may_say_anything;
}

/// A call that must fail remotely, and the failure.
async fn failure(transport: &Transport, method: &str) -> RemoteError {
    remote(client(transport, "topic").call::<_, Value>(method, ()).await)
}

#[track_caller]
fn remote(result: Result<Value, Error>) -> RemoteError {
    let error = result.expect_err("a remote failure");
    assert_eq!(error.kind(), ErrorKind::Remote, "{error}");
    error.remote().cloned().expect("an error of the kind Remote has what the remote side said")
}

/// The server serves still.
async fn lives(transport: &Transport) -> CaseResult {
    let reply: Value = client(transport, "topic").call("echo", json!({ "a": 1 })).await?;
    assert_eq!(reply, json!({ "a": 1 }));
    Ok(())
}

async fn a_method_nobody_has_is_no_such_method(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let failure = failure(&transport, "missing").await;
    assert_eq!(failure.kind(), RemoteKind::NoSuchMethod);
    assert_eq!(failure.class, "NoSuchMethod");
    assert!(failure.message.contains("missing"), "{failure}");
    lives(&transport).await
}

async fn a_version_nobody_serves_is_an_unsupported_version(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let newer = client(&transport, "topic").prepare().version(Version::new(1, 1));
    let failure = remote(newer.call("echo", ()).await);
    assert_eq!(failure.kind(), RemoteKind::UnsupportedVersion);
    assert!(failure.message.contains("1.1"), "{failure}");
    lives(&transport).await
}

async fn a_namespace_nobody_serves_is_an_unsupported_version(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let elsewhere = client(&transport, "topic").prepare().namespace("elsewhere");
    let failure = remote(elsewhere.call("echo", ()).await);
    assert_eq!(failure.kind(), RemoteKind::UnsupportedVersion);
    lives(&transport).await
}

async fn an_application_failure_keeps_class_module_message_and_traceback(
    harness: &dyn Harness,
) -> CaseResult {
    let transport = open(harness).await?;
    let sent = RemoteError::new("OutOfStock", "shop.errors", "no tea left")
        .with_traceback(vec!["  at the counter\n".to_owned(), "  in the shop\n".to_owned()]);
    let thrown = sent.clone();
    let service = Service::echo().method("order", move |_: Value, _| {
        let thrown = Failure::from_remote(thrown.clone());
        async { Err::<(), _>(thrown) }
    });
    let _server = serve(&transport, "topic", "server", service).await?;
    let failure = failure(&transport, "order").await;
    assert_eq!(failure.kind(), RemoteKind::Application);
    assert_eq!(failure, sent);
    lives(&transport).await
}

async fn an_expected_failure_reaches_the_caller_like_any_other(
    harness: &dyn Harness,
) -> CaseResult {
    let transport = open(harness).await?;
    let service = Service::echo().method("find", |_: Value, _| async {
        Err::<(), _>(Failure::new("NotFound", "shop.errors", "no such order").expected())
    });
    let _server = serve(&transport, "topic", "server", service).await?;
    let failure = failure(&transport, "find").await;
    assert_eq!(failure, RemoteError::new("NotFound", "shop.errors", "no such order"));
    lives(&transport).await
}

async fn ill_typed_arguments_are_a_failure_of_the_handler(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::<u64>::new();
    let _server = serve(&transport, "topic", "server", Service::echo().noting(&journal)).await?;
    let reply = client(&transport, "topic").call("note", json!({ "it": "text" })).await;
    let failure = remote(reply);
    assert!(failure.message.contains("u64"), "{failure}");
    assert_eq!(journal.rest().await, [0_u64; 0]);
    lives(&transport).await
}

async fn invalid_arguments_know_their_kind(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let service = Service::echo().method("strict", |_: Value, _| async {
        Err::<(), _>(Failure::from_remote(RemoteError::invalid_arguments("unknown: 'colour'")))
    });
    let _server = serve(&transport, "topic", "server", service).await?;
    let failure = failure(&transport, "strict").await;
    assert_eq!(failure.kind(), RemoteKind::InvalidArguments);
    assert!(failure.message.contains("'colour'"));
    lives(&transport).await
}

fn burst() -> Result<(), Failure> {
    panic!("{ON_PURPOSE} a handler burst");
}

async fn a_panic_is_a_failure_and_the_server_lives_on(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let service = Service::echo().method("burst", |_: Value, _| async { burst() });
    let _server = serve(&transport, "topic", "server", service).await?;
    for _ in 0..3 {
        let failure = failure(&transport, "burst").await;
        assert_eq!(failure.kind(), RemoteKind::Panicked);
        assert!(failure.message.contains("a handler burst"), "{failure}");
    }
    caster(&transport, "topic").cast("burst", ()).await?;
    lives(&transport).await
}

async fn a_failing_cast_leaves_the_server_serving(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let service = Service::echo().method("fail", |_: Value, _| async {
        Err::<(), _>(Failure::new("Broken", "suite", "as always").expected())
    });
    let _server = serve(&transport, "topic", "server", service).await?;
    let caster = caster(&transport, "topic");
    for method in ["fail", "missing", "fail"] {
        caster.cast(method, ()).await?;
    }
    lives(&transport).await
}

async fn a_failure_passes_through_a_chain_of_servers(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let sent = RemoteError::new("ValueError", "builtins", "boom");
    let thrown = sent.clone();
    let last = Service::new().method("fail", move |_: Value, _| {
        let thrown = Failure::from_remote(thrown.clone()).expected();
        async { Err::<(), _>(thrown) }
    });
    let next = client(&transport, "last");
    let first = Service::echo().method("relay", move |_: Value, _| {
        let next = next.clone();
        async move { next.call::<_, ()>("fail", ()).await.map_err(|e| Failure::from(e).expected()) }
    });
    let _last = serve(&transport, "last", "server", last).await?;
    let _first = serve(&transport, "topic", "server", first).await?;
    assert_eq!(failure(&transport, "relay").await, sent);
    lives(&transport).await
}

async fn a_failure_may_say_anything(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let texts = [
        String::new(),
        "žluťoučký kůň 🐎\n\t\"quoted\" \\ {braces} %s %(name)s \u{0}".to_owned(),
        "long ".repeat(20_000),
    ];
    for text in texts {
        let said = text.clone();
        let service = Service::echo().method("fail", move |_: Value, _| {
            let failure = Failure::new("Ошибка", "モジュール", said.clone()).expected();
            async { Err::<(), _>(failure) }
        });
        let server = serve(&transport, "topic", "server", service).await?;
        let failure = failure(&transport, "fail").await;
        assert_eq!((&*failure.class, &*failure.module), ("Ошибка", "モジュール"));
        assert!(failure.message == text, "of {} bytes, {} came", text.len(), failure.message.len());
        lives(&transport).await?;
        server.stop().await?;
    }
    Ok(())
}

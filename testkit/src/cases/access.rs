//! Access policies: which methods of an endpoint callers reach.

use busway_core::rpc::{AccessPolicy, RpcServer, Visibility};
use busway_core::{Context, ErrorKind, RemoteError, RemoteKind, Target};
use serde_json::Value;

use crate::Harness;
use crate::stage::{Journal, Service, client, open, serve};
use crate::suite::{CaseResult, cases};

cases! {
    [Rpc]
    the_default_policy_closes_names_with_an_underscore;
    the_explicit_policy_opens_only_what_is_exposed;
    the_legacy_policy_opens_everything;
    a_closed_method_is_one_that_is_not_there;
}

async fn open_methods(
    harness: &dyn Harness,
    policy: AccessPolicy,
    expected: [bool; 3],
) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::<String>::new();
    let noting = |name: &'static str| {
        let journal = journal.clone();
        move |_: Value, _: Context| {
            journal.write(name.to_owned());
            async move { Ok(name) }
        }
    };
    let service = Service::new()
        .method("public", noting("public"))
        .method("_private", noting("_private"))
        .visible("exposed", Visibility::Exposed, noting("exposed"));
    let target = Target::new("topic").with_server("server");
    let server = RpcServer::builder(&transport, target).endpoint(service).access_policy(policy);
    let _server = server.start().await?;
    let client = client(&transport, "topic");
    for (method, open) in ["public", "_private", "exposed"].into_iter().zip(expected) {
        let reply = client.call::<_, String>(method, ()).await;
        if open {
            assert_eq!(reply?, method, "{policy:?}");
            assert_eq!(journal.rest().await, [method]);
            continue;
        }
        let error = reply.expect_err("closed");
        assert_eq!(error.kind(), ErrorKind::Remote, "{policy:?} {method}");
        assert_eq!(error.remote().map(RemoteError::kind), Some(RemoteKind::NoSuchMethod));
        assert_eq!(journal.rest().await, [""; 0], "it did not run");
    }
    Ok(())
}

async fn the_default_policy_closes_names_with_an_underscore(harness: &dyn Harness) -> CaseResult {
    open_methods(harness, AccessPolicy::Default, [true, false, true]).await
}

async fn the_explicit_policy_opens_only_what_is_exposed(harness: &dyn Harness) -> CaseResult {
    open_methods(harness, AccessPolicy::Explicit, [false, false, true]).await
}

async fn the_legacy_policy_opens_everything(harness: &dyn Harness) -> CaseResult {
    open_methods(harness, AccessPolicy::Legacy, [true, true, true]).await
}

async fn a_closed_method_is_one_that_is_not_there(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let service = Service::new().method("_private", |_: Value, _| async { Ok(()) });
    let _server = serve(&transport, "topic", "server", service).await?;
    let client = client(&transport, "topic");
    let mut texts = Vec::new();
    for method in ["_private", "_missing"] {
        let error = client.call::<_, ()>(method, ()).await.expect_err("closed, or not there");
        let failure = error.remote().cloned().expect("a remote failure");
        texts.push(failure.message.replace(method, "METHOD"));
    }
    assert_eq!(texts[0], texts[1], "a caller learns nothing about what is closed");
    Ok(())
}

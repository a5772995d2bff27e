//! Dispatch: namespaces, versions, version caps.

use busway_core::rpc::{RpcClient, RpcServer, RpcServerBuilder};
use busway_core::{ErrorKind, RemoteKind, Target, Transport, Version};
use serde_json::Value;

use crate::Harness;
use crate::stage::{Journal, PATIENCE, Service, client, open, soon};
use crate::suite::{CaseResult, cases};

cases! {
    [Rpc]
    the_first_endpoint_that_fits_gets_the_request;
    versions_are_apart;
    namespaces_are_apart;
    an_endpoint_answers_to_its_older_namespaces;
    a_version_above_the_cap_does_not_leave;
    a_version_below_the_cap_is_sent;
    an_endpoint_of_a_newer_minor_version_serves_the_older;
}

fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

fn at(target: Target, name: &'static str) -> Service {
    Service::named(name).at(target)
}

fn versioned(text: &str) -> Target {
    Target::default().with_version(version(text))
}

async fn serve_all(transport: &Transport, services: Vec<Service>) -> CaseResult<RpcServer> {
    let target = Target::new("topic").with_server("server");
    let builder = RpcServer::builder(transport, target);
    let builder = services.into_iter().fold(builder, RpcServerBuilder::endpoint);
    Ok(builder.start().await?)
}

/// Who answers to that version and namespace, or why nobody does.
async fn who(
    client: &RpcClient,
    asked: Option<&str>,
    namespace: Option<&str>,
) -> CaseResult<Result<String, RemoteKind>> {
    let mut prepared = client.prepare();
    if let Some(asked) = asked {
        prepared = prepared.version(version(asked));
    }
    if let Some(namespace) = namespace {
        prepared = prepared.namespace(namespace);
    }
    match prepared.call("name", ()).await {
        Ok(name) => Ok(Ok(name)),
        Err(error) => match error.remote() {
            Some(failure) => Ok(Err(failure.kind())),
            None => Err(error.into()),
        },
    }
}

async fn the_first_endpoint_that_fits_gets_the_request(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let without = Service::new().method("other", |_: Value, _| async { Ok(()) });
    let services = vec![
        without.at(versioned("1.9")),
        at(versioned("1.2"), "first"),
        at(versioned("1.5"), "second"),
    ];
    let _server = serve_all(&transport, services).await?;
    let client = client(&transport, "topic");
    assert_eq!(who(&client, None, None).await?, Ok("first".to_owned()));
    assert_eq!(who(&client, Some("1.2"), None).await?, Ok("first".to_owned()));
    assert_eq!(who(&client, Some("1.3"), None).await?, Ok("second".to_owned()));
    assert_eq!(who(&client, Some("1.9"), None).await?, Err(RemoteKind::NoSuchMethod));
    assert_eq!(who(&client, Some("1.10"), None).await?, Err(RemoteKind::UnsupportedVersion));
    Ok(())
}

async fn versions_are_apart(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let services = vec![at(versioned("1.0"), "one"), at(versioned("2.1"), "two")];
    let _server = serve_all(&transport, services).await?;
    let client = client(&transport, "topic");
    assert_eq!(who(&client, None, None).await?, Ok("one".to_owned()));
    assert_eq!(who(&client, Some("1.0"), None).await?, Ok("one".to_owned()));
    assert_eq!(who(&client, Some("2.0"), None).await?, Ok("two".to_owned()));
    assert_eq!(who(&client, Some("2.1"), None).await?, Ok("two".to_owned()));
    for unserved in ["1.1", "2.2", "3.0", "0.9"] {
        let nobody = Err(RemoteKind::UnsupportedVersion);
        assert_eq!(who(&client, Some(unserved), None).await?, nobody, "{unserved}");
    }
    Ok(())
}

async fn namespaces_are_apart(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let spaced = |namespace| Target::default().with_namespace(namespace);
    let services = vec![
        at(Target::default(), "none"),
        at(spaced("admin"), "admin"),
        at(spaced("žlutý"), "odd"),
    ];
    let _server = serve_all(&transport, services).await?;
    let client = client(&transport, "topic");
    assert_eq!(who(&client, None, None).await?, Ok("none".to_owned()));
    assert_eq!(who(&client, None, Some("admin")).await?, Ok("admin".to_owned()));
    assert_eq!(who(&client, None, Some("žlutý")).await?, Ok("odd".to_owned()));
    let nobody = Err(RemoteKind::UnsupportedVersion);
    assert_eq!(who(&client, None, Some("Admin")).await?, nobody);
    Ok(())
}

async fn an_endpoint_answers_to_its_older_namespaces(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let target = Target::default()
        .with_namespace("new")
        .with_accepted_namespace(Some("old"))
        .with_accepted_namespace(None);
    let _server = serve_all(&transport, vec![at(target, "it")]).await?;
    let client = client(&transport, "topic");
    for namespace in [Some("new"), Some("old"), None] {
        assert_eq!(who(&client, None, namespace).await?, Ok("it".to_owned()), "{namespace:?}");
    }
    let nobody = Err(RemoteKind::UnsupportedVersion);
    assert_eq!(who(&client, None, Some("other")).await?, nobody);
    Ok(())
}

async fn a_version_above_the_cap_does_not_leave(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::<u64>::new();
    let service = Service::new().noting(&journal).at(versioned("1.9"));
    let _server = serve_all(&transport, vec![service]).await?;
    let client = RpcClient::builder(&transport, Target::new("topic"));
    let client = client.timeout(PATIENCE).version_cap(version("1.4")).build();
    for above in ["1.5", "2.0", "1.4.1"] {
        assert!(!client.can_send_version(version(above)), "{above}");
        let prepared = client.prepare().version(version(above));
        assert!(!prepared.can_send_version(version(above)), "{above}");
        let args = serde_json::json!({ "it": 1 });
        let error = soon(prepared.call::<_, ()>("note", &args)).await.expect_err("above the cap");
        assert_eq!(error.kind(), ErrorKind::VersionCap, "{above}");
        let error = soon(prepared.cast("note", &args)).await.expect_err("above the cap");
        assert_eq!(error.kind(), ErrorKind::VersionCap, "{above}");
    }
    client.call::<_, ()>("note", serde_json::json!({ "it": 2 })).await?;
    assert_eq!(journal.rest().await, [2]);
    Ok(())
}

async fn a_version_below_the_cap_is_sent(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve_all(&transport, vec![at(versioned("1.9"), "it")]).await?;
    let client = RpcClient::builder(&transport, Target::new("topic"));
    let client = client.timeout(PATIENCE).version_cap(version("1.4")).build();
    for below in ["1.0", "1.3", "1.4"] {
        assert!(client.can_send_version(version(below)), "{below}");
        assert_eq!(who(&client, Some(below), None).await?, Ok("it".to_owned()), "{below}");
    }
    let raised = client.prepare().version_cap(version("1.9")).version(version("1.8"));
    assert_eq!(raised.call::<_, String>("name", ()).await?, "it");
    Ok(())
}

async fn an_endpoint_of_a_newer_minor_version_serves_the_older(
    harness: &dyn Harness,
) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve_all(&transport, vec![at(versioned("1.10"), "it")]).await?;
    let client = client(&transport, "topic");
    for older in ["1.0", "1.2", "1.9", "1.10"] {
        assert_eq!(who(&client, Some(older), None).await?, Ok("it".to_owned()), "{older}");
    }
    Ok(())
}

//! A service written once runs unchanged on every bus: only its URL differs.

use busway_core::driver::{DriverInfo, OpenFuture, OpenRequest, Registry};
use busway_core::notify::{Handled, NotificationListener, Notifier, Priority, endpoint_fn};
use busway_core::rpc::{RpcClient, RpcServer};
use busway_core::{Config, ErrorKind, RemoteError, RemoteKind, Result, Target, Transport};
use busway_driver_fake::DRIVER;
use busway_testkit::stage::{Journal, Service, soon};
use serde_json::{Value, json};

/// A driver of a stranger, registered by hand: another scheme for the same bus.
const ANOTHER: DriverInfo =
    DriverInfo { name: "another", schemes: &["another"], open: open_another, ..DRIVER };

fn open_another(request: OpenRequest) -> OpenFuture {
    (DRIVER.open)(request)
}

/// What the service is, and how it is used; what came of it, line by line.
async fn story(url: &str) -> Result<Vec<String>> {
    let registry = Registry::linked().with(ANOTHER);
    let builder = Transport::builder().registry(registry).config(Config::new());
    let transport = builder.open(url).await?;

    let heard = Journal::new();
    let mut servers = Vec::new();
    for name in ["one", "two"] {
        let heard = heard.clone();
        let service = Service::echo()
            .method("add", |args: Value, _| async move {
                Ok(args["a"].as_i64().unwrap_or(0) + args["b"].as_i64().unwrap_or(0))
            })
            .method("wake", move |_: Value, _| {
                heard.write(format!("{name} woke"));
                async { Ok(()) }
            });
        let target = Target::new("service").with_server(name);
        servers.push(RpcServer::builder(&transport, target).endpoint(service).start().await?);
    }
    let told = heard.clone();
    let endpoint = endpoint_fn(Priority::Info, move |notification| {
        told.write(format!("heard of {}", notification.event_type));
        async { Ok(Handled::Done) }
    });
    let listener = NotificationListener::builder(&transport).topic("news").endpoint(endpoint);
    let listener = listener.start().await?;

    let mut lines = Vec::new();
    let client = RpcClient::new(&transport, Target::new("service"));
    let sum: i64 = client.call("add", json!({ "a": 2, "b": 3 })).await?;
    lines.push(format!("2 + 3 = {sum}"));
    let failure = client.call::<_, ()>("missing", ()).await.expect_err("no such method");
    assert_eq!(failure.remote().map(RemoteError::kind), Some(RemoteKind::NoSuchMethod));
    let direct: Value = client.prepare().server("two").call("echo", json!({ "x": 1 })).await?;
    lines.push(format!("two echoes {direct}"));
    client.prepare().fanout(true).cast("wake", ()).await?;
    let mut woken = heard.take(2).await;
    woken.sort();
    lines.extend(woken);
    let notifier = Notifier::builder(&transport).publisher_id("story").topics(["news"]).build()?;
    notifier.info("the end", json!({})).await?;
    lines.push(heard.next().await);

    soon(listener.stop()).await?;
    for server in servers {
        soon(server.stop()).await?;
    }
    soon(transport.close()).await?;
    Ok(lines)
}

#[tokio::test]
async fn a_service_written_once_runs_unchanged_by_changing_the_url() {
    let urls =
        ["fake://", "fake://a", "fake://b/", "fake://b/vhost", "another://a/", "another://c,d/v"];
    for url in urls {
        let lines = story(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
        let expected =
            ["2 + 3 = 5", "two echoes {\"x\":1}", "one woke", "two woke", "heard of the end"];
        assert_eq!(lines, expected, "{url}");
    }
}

#[tokio::test]
async fn an_unknown_scheme_names_the_known_ones() {
    let error = story("carrier-pigeon://loft/").await.expect_err("no such driver");
    assert_eq!(error.kind(), ErrorKind::UnknownScheme);
    for scheme in ["fake", "another"] {
        assert!(error.message().contains(scheme), "{error}");
    }
}

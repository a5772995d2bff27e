//! Which server gets a request: by name, in turn, and by exchange and topic.

use std::collections::BTreeMap;

use busway_core::rpc::{RpcClient, RpcServer};
use busway_core::{Error, ErrorKind, Target, Transport};

use crate::Harness;
use crate::stage::{PATIENCE, Service, client, open, serve, soon};
use crate::suite::{CaseResult, cases};

cases! {
    [Rpc]
    a_call_to_a_server_reaches_that_server;
    calls_to_a_topic_go_to_its_servers_in_turn;
    casts_to_a_topic_go_to_its_servers_in_turn;
    a_server_that_joins_gets_its_share;
    a_server_that_stopped_gets_nothing_more;
    a_server_that_was_dropped_gets_nothing_more;
    servers_of_one_name_share_what_goes_to_it;
    topics_are_apart;
    an_exchange_is_reached_by_its_name;
    exchanges_are_apart needs ExchangesApart;
    a_server_may_serve_several_topics;
    the_default_exchange_is_the_configured_one needs ExchangesApart;
    topics_with_odd_names_are_apart;
}

/// A server whose method `name` returns its name.
async fn named(transport: &Transport, topic: &str, name: &'static str) -> CaseResult<RpcServer> {
    Ok(serve(transport, topic, name, Service::named(name)).await?)
}

async fn name(client: &RpcClient) -> Result<String, Error> {
    client.call("name", ()).await
}

/// How many of so many calls, one after the other, each server got.
async fn shares(client: &RpcClient, calls: usize) -> CaseResult<BTreeMap<String, usize>> {
    let mut shares = BTreeMap::new();
    for _ in 0..calls {
        *shares.entry(name(client).await?).or_default() += 1;
    }
    Ok(shares)
}

#[track_caller]
fn fair(shares: &BTreeMap<String, usize>, servers: &[&str], calls: usize) {
    let names: Vec<_> = shares.keys().map(String::as_str).collect();
    assert_eq!(names, servers, "who got something: {shares:?}");
    let share = calls / servers.len();
    for (server, got) in shares {
        assert!(got.abs_diff(share) <= 1 + share / 3, "{server} got {got}, not about {share}");
    }
}

async fn a_call_to_a_server_reaches_that_server(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _one = named(&transport, "topic", "one").await?;
    let _two = named(&transport, "topic", "two").await?;
    let client = client(&transport, "topic");
    for server in ["one", "two", "two", "one", "one", "one"] {
        let name: String = client.prepare().server(server).call("name", ()).await?;
        assert_eq!(name, server);
    }
    Ok(())
}

async fn calls_to_a_topic_go_to_its_servers_in_turn(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let _one = named(&ours, "topic", "one").await?;
    let _two = named(&theirs, "topic", "two").await?;
    let _three = named(&theirs, "topic", "three").await?;
    let shares = shares(&client(&ours, "topic"), 60).await?;
    fair(&shares, &["one", "three", "two"], 60);
    Ok(())
}

async fn casts_to_a_topic_go_to_its_servers_in_turn(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = crate::stage::Journal::new();
    let noting = |name: &'static str| {
        let journal = journal.clone();
        Service::new().method("note", move |_: serde_json::Value, _| {
            journal.write(name.to_owned());
            async { Ok(()) }
        })
    };
    let _one = serve(&transport, "topic", "one", noting("one")).await?;
    let _two = serve(&transport, "topic", "two", noting("two")).await?;
    let client = client(&transport, "topic");
    let mut shares = BTreeMap::new();
    for _ in 0..40 {
        client.cast("note", ()).await?;
        // One at a time: a server that is busy may be left out.
        *shares.entry(journal.next().await).or_default() += 1;
    }
    fair(&shares, &["one", "two"], 40);
    Ok(())
}

async fn a_server_that_joins_gets_its_share(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let client = client(&transport, "topic");
    let _one = named(&transport, "topic", "one").await?;
    fair(&shares(&client, 10).await?, &["one"], 10);
    let _two = named(&transport, "topic", "two").await?;
    fair(&shares(&client, 20).await?, &["one", "two"], 20);
    Ok(())
}

async fn a_server_that_stopped_gets_nothing_more(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let client = client(&transport, "topic");
    let _one = named(&transport, "topic", "one").await?;
    let two = named(&transport, "topic", "two").await?;
    fair(&shares(&client, 20).await?, &["one", "two"], 20);
    soon(two.stop()).await?;
    fair(&shares(&client, 10).await?, &["one"], 10);
    Ok(())
}

async fn a_server_that_was_dropped_gets_nothing_more(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let client = client(&transport, "topic");
    let _one = named(&transport, "topic", "one").await?;
    let mut two = named(&transport, "topic", "two").await?;
    fair(&shares(&client, 20).await?, &["one", "two"], 20);
    drop(std::mem::replace(&mut two, named(&transport, "another", "two").await?));
    // What it had taken when it was dropped goes to the other, within the deadline of a call.
    fair(&shares(&client, 10).await?, &["one"], 10);
    Ok(())
}

async fn servers_of_one_name_share_what_goes_to_it(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _one = serve(&transport, "topic", "server", Service::named("one")).await?;
    let _two = serve(&transport, "topic", "server", Service::named("two")).await?;
    let client = client(&transport, "topic");
    let mut shares = BTreeMap::new();
    for _ in 0..20 {
        let name: String = client.prepare().server("server").call("name", ()).await?;
        *shares.entry(name).or_default() += 1;
    }
    fair(&shares, &["one", "two"], 20);
    Ok(())
}

async fn topics_are_apart(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _one = serve(&transport, "first", "server", Service::named("one")).await?;
    let _two = serve(&transport, "second", "server", Service::named("two")).await?;
    for (topic, expected) in [("first", "one"), ("second", "two")] {
        let client = client(&transport, topic);
        for _ in 0..4 {
            assert_eq!(name(&client).await?, expected);
            let name: String = client.prepare().server("server").call("name", ()).await?;
            assert_eq!(name, expected);
        }
    }
    Ok(())
}

async fn an_exchange_is_reached_by_its_name(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let target = Target::new("topic").with_server("server").with_exchange("elsewhere");
    let server = RpcServer::builder(&transport, target).endpoint(Service::named("there"));
    let _server = server.start().await?;
    let client = client(&transport, "topic");
    let there = client.prepare().exchange("elsewhere");
    assert_eq!(there.call::<_, String>("name", ()).await?, "there");
    assert_eq!(there.server("server").call::<_, String>("name", ()).await?, "there");
    let here = client.prepare().timeout(std::time::Duration::from_millis(200));
    let error = here.call::<_, String>("name", ()).await.expect_err("another exchange");
    assert!(matches!(error.kind(), ErrorKind::Undeliverable | ErrorKind::Timeout), "{error}");
    Ok(())
}

async fn exchanges_are_apart(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let mut servers = Vec::new();
    for exchange in ["first", "second"] {
        let target = Target::new("topic").with_server("server").with_exchange(exchange);
        let service = Service::named(exchange);
        servers.push(RpcServer::builder(&transport, target).endpoint(service).start().await?);
    }
    let client = client(&transport, "topic");
    for exchange in ["first", "second", "second", "first"] {
        let there = client.prepare().exchange(exchange);
        assert_eq!(there.call::<_, String>("name", ()).await?, exchange);
        assert_eq!(there.server("server").call::<_, String>("name", ()).await?, exchange);
    }
    Ok(())
}

async fn a_server_may_serve_several_topics(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let service = std::sync::Arc::new(Service::named("shared"));
    let mut servers = Vec::new();
    for topic in ["first", "second", "third"] {
        let target = Target::new(topic).with_server("server");
        let server = RpcServer::builder(&transport, target).endpoint(service.clone());
        servers.push(server.start().await?);
    }
    for topic in ["third", "first", "second"] {
        assert_eq!(name(&client(&transport, topic)).await?, "shared");
    }
    Ok(())
}

async fn the_default_exchange_is_the_configured_one(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let exchange = transport.config().core().control_exchange.clone();
    let _server = named(&transport, "topic", "server").await?;
    let by_name = client(&transport, "topic").prepare().exchange(exchange);
    assert_eq!(by_name.call::<_, String>("name", ()).await?, "server");
    Ok(())
}

async fn topics_with_odd_names_are_apart(harness: &dyn Harness) -> CaseResult {
    const TOPICS: [&str; 8] =
        ["a.b", "a_b", "a-b", "A.b", "a.b.c", "a", "žluťoučký kůň", "an 'odd' one"];
    let transport = open(harness).await?;
    let mut servers = Vec::new();
    for topic in TOPICS {
        servers.push(serve(&transport, topic, "a.server", Service::named(topic)).await?);
    }
    for topic in TOPICS {
        let client = RpcClient::builder(&transport, Target::new(topic)).timeout(PATIENCE).build();
        // More than once: were they one, they might be taken in turn.
        for _ in 0..3 {
            assert_eq!(name(&client).await?, topic);
            let direct = client.prepare().server("a.server");
            assert_eq!(direct.call::<_, String>("name", ()).await?, topic);
        }
        let error = client.prepare().server("a").timeout(std::time::Duration::from_millis(200));
        let error = error.call::<_, String>("name", ()).await.expect_err("another server");
        assert!(matches!(error.kind(), ErrorKind::Undeliverable | ErrorKind::Timeout), "{error}");
    }
    Ok(())
}

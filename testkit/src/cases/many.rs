//! Many at once: clients, servers, topics; and a bounded number of handlers at a time.

use std::collections::BTreeSet;

use busway_core::Target;
use busway_core::rpc::RpcServer;
use futures_util::future::{join_all, try_join_all};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use crate::Harness;
use crate::stage::{Gate, Journal, Service, caster, client, open, serve, soon};
use crate::suite::{CaseResult, cases};

cases! {
    [Rpc]
    many_clients_and_servers_talk_at_once;
    a_server_runs_never_more_than_its_concurrency_at_once;
    a_server_runs_as_many_at_once_as_its_concurrency;
    a_concurrency_of_zero_is_refused;
    a_server_without_endpoints_is_refused;
    a_server_needs_a_topic_and_a_name;
    one_sender_reaches_one_consumer_in_order needs Ordering;
    a_thousand_topics_are_served;
    rpc_and_notifications_of_one_topic_are_apart needs Notifications;
}

async fn many_clients_and_servers_talk_at_once(harness: &dyn Harness) -> CaseResult {
    let transports = try_join_all((0..4).map(|_| open(harness))).await?;
    let mut servers = Vec::new();
    for (number, transport) in transports.iter().enumerate() {
        for topic in ["first", "second"] {
            let name = format!("server-{number}");
            servers.push(serve(transport, topic, &name, Service::echo()).await?);
        }
    }
    let calls = (0..400).map(|n| {
        let topic = if n % 2 == 0 { "first" } else { "second" };
        let client = client(&transports[n % 4], topic);
        async move { client.call::<_, Value>("echo", json!({ "n": n })).await }
    });
    for (n, reply) in soon(join_all(calls)).await.into_iter().enumerate() {
        assert_eq!(reply?, json!({ "n": n }));
    }
    Ok(())
}

async fn a_server_runs_never_more_than_its_concurrency_at_once(
    harness: &dyn Harness,
) -> CaseResult {
    let transport = open(harness).await?;
    let gate = Gate::shut();
    let target = Target::new("topic").with_server("server");
    let server = RpcServer::builder(&transport, target).endpoint(Service::new().waiting(&gate));
    let _server = server.concurrency(3).start().await?;
    let client = client(&transport, "topic");
    let calls = try_join_all((0..20).map(|_| client.call::<_, ()>("wait", ())));
    let letting = async {
        gate.entered(3).await;
        for already in 0..17 {
            gate.let_pass(1);
            gate.entered(already + 4).await;
        }
        gate.open();
    };
    let (calls, ()) = soon(async { tokio::join!(calls, letting) }).await;
    calls?;
    assert_eq!(gate.come(), 20);
    assert_eq!(gate.most_inside(), 3);
    Ok(())
}

async fn a_server_runs_as_many_at_once_as_its_concurrency(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let gate = Gate::shut();
    let target = Target::new("topic").with_server("server");
    let server = RpcServer::builder(&transport, target).endpoint(Service::new().waiting(&gate));
    let _server = server.concurrency(100).start().await?;
    let client = client(&transport, "topic");
    let calls = try_join_all((0..100).map(|_| client.call::<_, ()>("wait", ())));
    let letting = async {
        gate.entered(100).await;
        gate.open();
    };
    let (calls, ()) = soon(async { tokio::join!(calls, letting) }).await;
    calls?;
    Ok(())
}

async fn a_concurrency_of_zero_is_refused(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let target = Target::new("topic").with_server("server");
    let server = RpcServer::builder(&transport, target).endpoint(Service::echo());
    let error = server.concurrency(0).start().await.expect_err("it would handle nothing");
    assert_eq!(error.kind(), busway_core::ErrorKind::InvalidArgument);
    Ok(())
}

async fn a_server_without_endpoints_is_refused(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let target = Target::new("topic").with_server("server");
    let error = RpcServer::builder(&transport, target).start().await.expect_err("no endpoint");
    assert_eq!(error.kind(), busway_core::ErrorKind::InvalidArgument);
    Ok(())
}

async fn a_server_needs_a_topic_and_a_name(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    for target in [Target::default(), Target::new("topic"), Target::default().with_server("s")] {
        let server = RpcServer::builder(&transport, target).endpoint(Service::echo());
        let error = server.start().await.expect_err("incomplete");
        assert_eq!(error.kind(), busway_core::ErrorKind::InvalidTarget);
    }
    Ok(())
}

async fn one_sender_reaches_one_consumer_in_order(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::<u64>::new();
    let target = Target::new("topic").with_server("server");
    let server = RpcServer::builder(&theirs, target).endpoint(Service::new().noting(&journal));
    let _server = server.concurrency(1).start().await?;
    let caster = caster(&ours, "topic");
    let expected: Vec<_> = (0..200_u64).collect();
    for it in &expected {
        caster.cast("note", json!({ "it": it })).await?;
    }
    assert_eq!(journal.take(200).await, expected);
    Ok(())
}

async fn a_thousand_topics_are_served(harness: &dyn Harness) -> CaseResult {
    const TOPICS: usize = 1000;
    let transport = open(harness).await?;
    let topics: Vec<_> = (0..TOPICS).map(|number| format!("topic-{number}")).collect();
    let echo = std::sync::Arc::new(Service::echo());
    let servers: Vec<_> = stream::iter(&topics)
        .map(|topic| {
            let target = Target::new(topic.as_str()).with_server("server");
            RpcServer::builder(&transport, target).endpoint(echo.clone()).start()
        })
        .buffer_unordered(16)
        .try_collect()
        .await?;
    let replies: Vec<Value> = stream::iter(&topics)
        .map(|topic| {
            let client = client(&transport, topic);
            async move { client.call("echo", json!({ "topic": topic })).await }
        })
        .buffer_unordered(64)
        .try_collect()
        .await?;
    let topics: BTreeSet<_> = replies.iter().map(|reply| reply["topic"].as_str()).collect();
    assert_eq!(topics.len(), TOPICS);
    drop(servers);
    Ok(())
}

async fn rpc_and_notifications_of_one_topic_are_apart(harness: &dyn Harness) -> CaseResult {
    use super::telling::{TOPIC, listen, notifier};
    let (rpc, notifications) = (open(harness).await?, open(harness).await?);
    let (requests, told) = (Journal::<u64>::new(), Journal::new());
    let _server = serve(&rpc, TOPIC, "info", Service::new().noting(&requests)).await?;
    let _listener = listen(&notifications, TOPIC, &told).await?;
    caster(&rpc, TOPIC).cast("note", json!({ "it": 1 })).await?;
    notifier(&notifications)?.info("event", json!({ "it": 2 })).await?;
    assert_eq!(requests.next().await, 1);
    assert_eq!(told.next().await.payload.to::<Value>()?, json!({ "it": 2 }));
    // Closing the one leaves the other.
    soon(notifications.close()).await?;
    client(&rpc, TOPIC).call::<_, ()>("note", json!({ "it": 3 })).await?;
    assert_eq!(requests.rest().await, [3]);
    assert!(told.rest().await.is_empty());
    Ok(())
}

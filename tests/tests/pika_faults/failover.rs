//! A cluster of three nodes, of which one is lost.

use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::notify::Priority;
use busway_core::rpc::RpcClient;
use busway_core::{
    ErrorKind, Handled, NotificationListener, Notifier, Target, Transport, endpoint_fn,
};
use busway_testkit::brokers::RabbitMqCluster;
use busway_testkit::stage::{Gate, Journal, Service, serve};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::stand::{blocking, open};

/// A call in flight has so much time, of which it needs little.
const LONG: Duration = Duration::from_mins(2);
/// Everything is back within this: twice the heartbeat, the delay, what the other nodes need to
/// find out, and what a machine with much else to do adds.
const BOUND: Duration = Duration::from_secs(40);

#[derive(Clone, Copy)]
enum Loss {
    Killed,
    Paused,
}

#[derive(Deserialize)]
struct Numbered {
    it: u64,
}

pub(crate) async fn any_node_is_killed() {
    let cluster = Arc::new(blocking(RabbitMqCluster::start).await.expect("a cluster"));
    for victim in 0..cluster.nodes().len() {
        lose(&cluster, victim, Loss::Killed).await;
    }
}

pub(crate) async fn a_node_falls_silent() {
    let cluster = Arc::new(blocking(RabbitMqCluster::start).await.expect("a cluster"));
    lose(&cluster, 1, Loss::Paused).await;
}

/// The connections of RPC are all to the node that is lost.
async fn lose(cluster: &Arc<RabbitMqCluster>, victim: usize, loss: Loss) {
    let vhost = cluster.add_vhost().expect("a virtual host");
    let on_victim = async || connected_to(cluster, victim, &vhost).await;
    let (serving, calling, notifying) = (on_victim().await, on_victim().await, on_victim().await);
    let gate = Gate::shut();
    let server = serve(&serving, "topic", "server", Service::echo().waiting(&gate)).await;
    let _server = server.expect("a server");
    let journal = Journal::<u64>::new();
    let log = journal.clone();
    let endpoint = endpoint_fn(Priority::Info, move |notification| {
        let log = log.clone();
        async move {
            log.write(notification.payload.to::<Numbered>()?.it);
            Ok(Handled::Done)
        }
    });
    let listener = NotificationListener::builder(&serving).topic("log").endpoint(endpoint);
    let _listener = listener.start().await.expect("a listener");
    let client = RpcClient::builder(&calling, Target::new("topic")).timeout(LONG).build();
    let notifier = Notifier::builder(&notifying).publisher_id("test").topics(["log"]);
    let notifier = notifier.timeout(LONG).build().expect("a notifier");
    let stored = async |numbers: std::ops::Range<u64>| {
        for it in numbers {
            notifier.info("event", json!({ "it": it })).await.expect("stored");
        }
    };
    stored(0..100).await;

    let (prepared, other) = (client.prepare().retry(Retry::NEVER), client.clone());
    let once = tokio::spawn(async move { prepared.call::<_, ()>("wait", json!({})).await });
    let again = tokio::spawn(async move { other.call::<_, ()>("wait", json!({})).await });
    gate.entered(2).await;
    let nodes = cluster.clone();
    blocking(move || match loss {
        Loss::Killed => nodes.node(victim).kill(),
        Loss::Paused => nodes.node(victim).pause(),
    })
    .await;
    let since = Instant::now();

    let failed = timeout(BOUND, once).await.expect("it fails at once").expect("it ends");
    assert_eq!(failed.expect_err("it was lost").kind(), ErrorKind::InDoubt);
    let noticed = since.elapsed();
    gate.open();
    timeout(BOUND, again).await.expect("it is sent again").expect("it ends").expect("answered");
    let answered = since.elapsed();
    timeout(BOUND, stored(100..200)).await.expect("stored in time");
    timeout(BOUND, served_again(&client)).await.expect("served in time");
    println!("node {victim} lost: noticed after {noticed:?}, answered after {answered:?}");

    let mut missing: Vec<u64> = (0..200).collect();
    while !missing.is_empty() {
        let it = timeout(BOUND, journal.next()).await;
        let it = it.unwrap_or_else(|_| panic!("not delivered: {missing:?}"));
        missing.retain(|other| *other != it);
    }
    let nodes = cluster.clone();
    blocking(move || {
        // One that was stopped in its tracks is not to wake up and take part.
        nodes.node(victim).kill();
        nodes.node(victim).start_again()?;
        nodes.settled()
    })
    .await
    .expect("the node is back");
}

/// Waits until somebody serves the topic: until the server has found another node too, a call is
/// refused at once.
async fn served_again(client: &RpcClient) {
    loop {
        match client.call::<_, Value>("echo", json!({ "it": 1 })).await {
            Ok(answer) => return assert_eq!(answer, json!({ "it": 1 })),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Undeliverable, "{error}"),
        }
    }
}

/// A transport whose connections are to that node: the start is random, so it may take some.
async fn connected_to(cluster: &RabbitMqCluster, number: usize, vhost: &str) -> Transport {
    let addresses = cluster.addresses();
    let count = async || {
        let there = format!(
            "length([P || P <- rabbit_networking:connections(), node(P) =:= node(), \
             (catch rabbit_networking:connection_info(P, [vhost])) =:= [{{vhost, <<\"{vhost}\">>}}]])"
        );
        cluster.node(number).evaluate(&there).expect("counted").parse::<usize>().expect("a number")
    };
    for _ in 0..200 {
        let before = count().await;
        let options = "&notification_persistence=true";
        let transport = open(&addresses, vhost, options).await;
        if count().await > before {
            return transport;
        }
        transport.close().await.expect("closed");
    }
    panic!("none of 200 connections was to node {number}")
}

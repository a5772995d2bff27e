//! Fan-out: a copy to every server that listens, and to nobody else.

use busway_core::rpc::RpcServer;
use busway_core::{Target, Transport};
use serde_json::json;

use crate::Harness;
use crate::stage::{Journal, Service, caster, client, open, serve, soon};
use crate::suite::{CaseResult, cases};

cases! {
    [Rpc, Fanout]
    a_fan_out_reaches_every_server_of_the_topic_once;
    a_fan_out_reaches_no_other_topic;
    a_fan_out_reaches_no_other_exchange needs ExchangesApart;
    a_fan_out_to_nobody_is_no_error;
    a_fan_out_reaches_only_those_who_listen_now;
    fan_outs_and_direct_casts_do_not_mix;
    a_fan_out_reaches_servers_of_one_name_each;
    many_fan_outs_reach_many_servers;
}

/// What a server got: its own name, and the number.
type Got = (String, u64);

fn noting(name: &str, journal: &Journal<Got>) -> Service {
    #[derive(serde::Deserialize)]
    struct Note {
        it: u64,
    }
    let (name, journal) = (name.to_owned(), journal.clone());
    Service::new().method("note", move |note: Note, _| {
        journal.write((name.clone(), note.it));
        async { Ok(()) }
    })
}

async fn listening(
    transport: &Transport,
    name: &str,
    journal: &Journal<Got>,
) -> CaseResult<RpcServer> {
    Ok(serve(transport, "topic", name, noting(name, journal)).await?)
}

fn got(server: &str, number: u64) -> Got {
    (server.to_owned(), number)
}

/// Each server of the topic has handled what was sent before, if it is one that keeps order and
/// handles as many as there are at once: a note of its own is through.
async fn settled(
    transport: &Transport,
    servers: &[&str],
    journal: &Journal<Got>,
) -> CaseResult<Vec<Got>> {
    let mut before = Vec::new();
    for server in servers {
        let direct = client(transport, "topic").prepare().server(*server);
        direct.call::<_, ()>("note", json!({ "it": u64::MAX })).await?;
        before.extend(journal.rest().await.into_iter().filter(|(_, number)| *number != u64::MAX));
    }
    Ok(before)
}

async fn a_fan_out_reaches_every_server_of_the_topic_once(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::new();
    let _one = listening(&ours, "one", &journal).await?;
    let _two = listening(&theirs, "two", &journal).await?;
    let _three = listening(&theirs, "three", &journal).await?;
    caster(&ours, "topic").prepare().fanout(true).cast("note", json!({ "it": 1 })).await?;
    let mut all = journal.take(3).await;
    all.extend(settled(&ours, &["one", "two", "three"], &journal).await?);
    all.sort();
    assert_eq!(all, [got("one", 1), got("three", 1), got("two", 1)]);
    Ok(())
}

async fn a_fan_out_reaches_no_other_topic(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (journal, others) = (Journal::new(), Journal::new());
    let _here = listening(&transport, "here", &journal).await?;
    let _topic = serve(&transport, "another", "there", noting("there", &others)).await?;
    caster(&transport, "topic").prepare().fanout(true).cast("note", json!({ "it": 1 })).await?;
    assert_eq!(journal.next().await, got("here", 1));
    client(&transport, "another").call::<_, ()>("note", json!({ "it": 2 })).await?;
    assert_eq!(others.rest().await, [got("there", 2)]);
    Ok(())
}

async fn a_fan_out_reaches_no_other_exchange(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (journal, others) = (Journal::new(), Journal::new());
    let _here = listening(&transport, "here", &journal).await?;
    let elsewhere = Target::new("topic").with_server("elsewhere").with_exchange("elsewhere");
    let elsewhere = RpcServer::builder(&transport, elsewhere).endpoint(noting("x", &others));
    let _elsewhere = elsewhere.start().await?;

    caster(&transport, "topic").prepare().fanout(true).cast("note", json!({ "it": 1 })).await?;
    assert_eq!(journal.next().await, got("here", 1));
    let there = client(&transport, "topic").prepare().exchange("elsewhere");
    there.call::<_, ()>("note", json!({ "it": 2 })).await?;
    assert_eq!(others.rest().await, [got("x", 2)]);
    Ok(())
}

async fn a_fan_out_to_nobody_is_no_error(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let target = harness.unserved().with_fanout(true);
    let everybody = busway_core::rpc::RpcClient::new(&transport, target);
    for _ in 0..3 {
        soon(everybody.cast("note", json!({ "it": 1 }))).await?;
    }
    Ok(())
}

async fn a_fan_out_reaches_only_those_who_listen_now(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let everybody = caster(&transport, "topic").prepare().fanout(true);
    everybody.cast("note", json!({ "it": 1 })).await?;
    let _one = listening(&transport, "one", &journal).await?;
    let two = listening(&transport, "two", &journal).await?;
    everybody.cast("note", json!({ "it": 2 })).await?;
    let mut all = journal.take(2).await;
    all.sort();
    assert_eq!(all, [got("one", 2), got("two", 2)]);
    soon(two.stop()).await?;
    everybody.cast("note", json!({ "it": 3 })).await?;
    assert_eq!(journal.next().await, got("one", 3));
    let _two = listening(&transport, "two", &journal).await?;
    assert_eq!(settled(&transport, &["one", "two"], &journal).await?, []);
    Ok(())
}

async fn fan_outs_and_direct_casts_do_not_mix(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _one = listening(&transport, "one", &journal).await?;
    let _two = listening(&transport, "two", &journal).await?;
    let caster = caster(&transport, "topic");
    caster.prepare().fanout(true).cast("note", json!({ "it": 1 })).await?;
    caster.prepare().server("one").cast("note", json!({ "it": 2 })).await?;
    caster.cast("note", json!({ "it": 3 })).await?;
    let mut all = journal.take(4).await;
    all.extend(settled(&transport, &["one", "two"], &journal).await?);
    all.sort_by_key(|(_, number)| *number);
    let numbers: Vec<_> = all.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, [1, 1, 2, 3]);
    assert_ne!(all[0].0, all[1].0, "each got its own copy");
    assert_eq!(all[2].0, "one");
    Ok(())
}

async fn a_fan_out_reaches_servers_of_one_name_each(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _one = serve(&transport, "topic", "server", noting("one", &journal)).await?;
    let _two = serve(&transport, "topic", "server", noting("two", &journal)).await?;
    caster(&transport, "topic").prepare().fanout(true).cast("note", json!({ "it": 1 })).await?;
    let mut all = journal.take(2).await;
    all.sort();
    assert_eq!(all, [got("one", 1), got("two", 1)]);
    Ok(())
}

async fn many_fan_outs_reach_many_servers(harness: &dyn Harness) -> CaseResult {
    const SERVERS: usize = 12;
    const CASTS: usize = 25;
    let transport = open(harness).await?;
    let journal = Journal::new();
    let names: Vec<_> = (0..SERVERS).map(|number| format!("server-{number}")).collect();
    let mut servers = Vec::new();
    for name in &names {
        servers.push(listening(&transport, name, &journal).await?);
    }
    let everybody = caster(&transport, "topic").prepare().fanout(true);
    for number in 0..CASTS as u64 {
        everybody.cast("note", json!({ "it": number })).await?;
    }
    let mut all = journal.take(SERVERS * CASTS).await;
    all.sort();
    all.dedup();
    assert_eq!(all.len(), SERVERS * CASTS, "a copy came twice");
    Ok(())
}

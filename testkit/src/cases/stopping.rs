//! Stopping servers and listeners: nothing that was taken is lost, and it ends in time.

use std::time::Duration;

use busway_core::ErrorKind;
use busway_core::notify::{Handled, NotificationListener, Priority, endpoint_fn};
use busway_core::rpc::RpcServer;
use busway_core::{Target, Transport};
use futures_util::future::{join_all, try_join_all};
use serde_json::{Value, json};

use super::telling::{TOPIC, listen, notifier};
use crate::Harness;
use crate::stage::{Gate, Journal, Service, caster, client, open, serve, soon};
use crate::suite::{CaseResult, cases};

cases! {
    []
    an_idle_server_stops_at_once needs Rpc;
    a_stopping_server_answers_what_it_runs needs Rpc;
    a_stop_loses_nothing needs Rpc;
    a_stop_of_one_server_among_others_loses_nothing needs Rpc;
    a_stop_ends_by_its_deadline needs Rpc;
    a_server_starts_again_after_a_stop needs Rpc;
    many_servers_stop_at_once needs Rpc;
    an_idle_listener_stops_at_once needs Notifications;
    a_stopping_listener_finishes_what_it_handles needs Notifications;
    a_stop_of_a_listener_loses_nothing needs Notifications;
    a_stop_of_a_listener_ends_by_its_deadline needs Notifications;
}

async fn an_idle_server_stops_at_once(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let server = serve(&transport, "topic", "server", Service::echo()).await?;
    soon(server.stop()).await?;
    let server = serve(&transport, "topic", "server", Service::echo()).await?;
    soon(server.stop_within(Duration::from_secs(5))).await?;
    Ok(())
}

async fn a_stopping_server_answers_what_it_runs(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let gate = Gate::shut();
    let server = serve(&theirs, "topic", "server", Service::new().waiting(&gate)).await?;
    let client = client(&ours, "topic");
    let calls = join_all((0..5).map(|_| client.call::<_, ()>("wait", ())));
    let stopping = async {
        gate.entered(5).await;
        let (stopped, ()) = tokio::join!(server.stop(), async { gate.open() });
        stopped
    };
    let (replies, stopped) = soon(async { tokio::join!(calls, stopping) }).await;
    stopped?;
    for reply in replies {
        reply?;
    }
    Ok(())
}

/// A server that handles one request at a time, each of which waits at the gate.
async fn slow(
    transport: &Transport,
    name: &str,
    gate: &Gate,
    journal: &Journal<u64>,
) -> CaseResult<RpcServer> {
    #[derive(serde::Deserialize)]
    struct Note {
        it: u64,
    }
    let (gate, journal) = (gate.clone(), journal.clone());
    let service = Service::new().method("note", move |note: Note, _| {
        let (gate, journal) = (gate.clone(), journal.clone());
        async move {
            gate.pass().await;
            journal.write(note.it);
            Ok(())
        }
    });
    let target = Target::new("topic").with_server(name);
    Ok(RpcServer::builder(transport, target).endpoint(service).concurrency(2).start().await?)
}

async fn a_stop_loses_nothing(harness: &dyn Harness) -> CaseResult {
    const CASTS: u64 = 50;
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let (gate, journal) = (Gate::shut(), Journal::new());
    let server = slow(&theirs, "server", &gate, &journal).await?;
    let caster = caster(&ours, "topic");
    for it in 0..CASTS {
        caster.cast("note", json!({ "it": it })).await?;
    }
    gate.let_pass(5);
    gate.entered(6).await;
    let (stopped, ()) = soon(async { tokio::join!(server.stop(), async { gate.open() }) }).await;
    stopped?;
    let _next = slow(&theirs, "server", &gate, &journal).await?;
    let mut ran = journal.take(usize::try_from(CASTS)?).await;
    client(&ours, "topic").call::<_, ()>("note", json!({ "it": CASTS })).await?;
    ran.extend(journal.rest().await);
    ran.sort_unstable();
    assert_eq!(ran, (0..=CASTS).collect::<Vec<_>>());
    Ok(())
}

async fn a_stop_of_one_server_among_others_loses_nothing(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let server = |number: usize| {
        let theirs = &theirs;
        async move { serve(theirs, "topic", &format!("server-{number}"), Service::echo()).await }
    };
    let mut servers = try_join_all((0..3).map(server)).await?;
    let client = client(&ours, "topic");
    for round in 0..5 {
        let calls = join_all((0..40).map(|n| client.call::<_, Value>("echo", json!({ "n": n }))));
        let stopping = servers.remove(0).stop();
        let (replies, stopped) = soon(async { tokio::join!(calls, stopping) }).await;
        stopped?;
        for (n, reply) in replies.into_iter().enumerate() {
            assert_eq!(reply?, json!({ "n": n }), "in round {round}");
        }
        servers.push(server(3 + round).await?);
    }
    Ok(())
}

async fn a_stop_ends_by_its_deadline(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let gate = Gate::shut();
    let server = serve(&transport, "topic", "server", Service::new().waiting(&gate)).await?;
    caster(&transport, "topic").cast("wait", ()).await?;
    gate.entered(1).await;
    let error = soon(server.stop_within(Duration::from_millis(100))).await;
    assert_eq!(error.expect_err("a handler ran still").kind(), ErrorKind::Timeout);
    // It was cut off.
    gate.left(1).await;
    Ok(())
}

async fn a_server_starts_again_after_a_stop(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let client = client(&transport, "topic");
    for name in ["one", "two", "three"] {
        let server = serve(&transport, "topic", "server", Service::named(name)).await?;
        assert_eq!(client.call::<_, String>("name", ()).await?, name);
        let direct = client.prepare().server("server");
        assert_eq!(direct.call::<_, String>("name", ()).await?, name);
        soon(server.stop()).await?;
    }
    Ok(())
}

async fn many_servers_stop_at_once(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let mut servers = Vec::new();
    for number in 0..20 {
        let topic = format!("topic-{}", number % 4);
        servers.push(serve(&transport, &topic, &format!("s-{number}"), Service::echo()).await?);
    }
    soon(try_join_all(servers.into_iter().map(RpcServer::stop))).await?;
    Ok(())
}

async fn an_idle_listener_stops_at_once(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let listener = listen(&transport, TOPIC, &Journal::new()).await?;
    soon(listener.stop()).await?;
    Ok(())
}

/// A listener that handles two at a time, each of which waits at the gate.
async fn slow_listener(
    transport: &Transport,
    gate: &Gate,
    journal: &Journal<u64>,
) -> CaseResult<NotificationListener> {
    let (gate, journal) = (gate.clone(), journal.clone());
    let endpoint = endpoint_fn(Priority::Info, move |notification| {
        let (gate, journal) = (gate.clone(), journal.clone());
        async move {
            gate.pass().await;
            journal.write(notification.payload.to()?);
            Ok(Handled::Done)
        }
    });
    let listener = NotificationListener::builder(transport).topic(TOPIC).concurrency(2);
    Ok(listener.endpoint(endpoint).start().await?)
}

async fn a_stopping_listener_finishes_what_it_handles(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (gate, journal) = (Gate::shut(), Journal::new());
    let listener = slow_listener(&transport, &gate, &journal).await?;
    let notifier = notifier(&transport)?;
    notifier.info("event", json!(1)).await?;
    notifier.info("event", json!(2)).await?;
    gate.entered(2).await;
    let (stopped, ()) = soon(async { tokio::join!(listener.stop(), async { gate.open() }) }).await;
    stopped?;
    let mut handled = journal.rest().await;
    handled.sort_unstable();
    assert_eq!(handled, [1, 2]);
    // It was acknowledged, so nobody gets it again.
    let _next = slow_listener(&transport, &gate, &journal).await?;
    notifier.info("event", json!(3)).await?;
    assert_eq!(journal.next().await, 3);
    Ok(())
}

async fn a_stop_of_a_listener_loses_nothing(harness: &dyn Harness) -> CaseResult {
    const TOLD: u64 = 60;
    let transport = open(harness).await?;
    let journal = Journal::new();
    let notifier = notifier(&transport)?;
    for n in 0..TOLD {
        notifier.info("event", json!(n)).await?;
    }
    for _ in 0..3 {
        let gate = Gate::shut();
        let listener = slow_listener(&transport, &gate, &journal).await?;
        gate.let_pass(5);
        gate.entered(6).await;
        let stopping = listener.stop();
        let (stopped, ()) = soon(async { tokio::join!(stopping, async { gate.open() }) }).await;
        stopped?;
    }
    let gate = Gate::shut();
    gate.open();
    let listener = slow_listener(&transport, &gate, &journal).await?;
    notifier.info("last", json!(TOLD)).await?;
    let mut handled = journal.take(usize::try_from(TOLD)? + 1).await;
    handled.sort_unstable();
    assert_eq!(handled, (0..=TOLD).collect::<Vec<_>>());
    soon(listener.stop()).await?;
    assert_eq!(journal.rest().await, [0_u64; 0], "handled twice");
    Ok(())
}

async fn a_stop_of_a_listener_ends_by_its_deadline(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (gate, journal) = (Gate::shut(), Journal::new());
    let listener = slow_listener(&transport, &gate, &journal).await?;
    notifier(&transport)?.info("event", json!(1)).await?;
    gate.entered(1).await;
    let error = soon(listener.stop_within(Duration::from_millis(100))).await;
    assert_eq!(error.expect_err("an endpoint ran still").kind(), ErrorKind::Timeout);
    gate.left(1).await;
    // What was cut off is not lost.
    gate.open();
    let _next = slow_listener(&transport, &gate, &journal).await?;
    assert_eq!(journal.next().await, 1);
    Ok(())
}

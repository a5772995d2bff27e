//! Deadlines: no reply in time, replies that come late, requests that nobody waits for any more.

use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::rpc::{Prepared, RpcServer};
use busway_core::{Error, ErrorKind, Target, Transport};
use serde_json::{Value, json};

use crate::Harness;
use crate::stage::{Gate, Journal, PATIENCE, Service, caster, client, open, serve, soon};
use crate::suite::{CaseResult, cases};

/// A deadline that is to pass.
const SHORT: Duration = Duration::from_millis(200);

cases! {
    [Rpc]
    a_call_without_a_reply_in_time_times_out;
    each_call_has_its_own_deadline;
    a_deadline_of_zero_times_out_at_once;
    a_late_reply_is_ignored;
    a_timed_out_call_leaves_the_others_waiting;
    a_handler_knows_how_much_time_is_left needs Expiry;
    a_cast_without_a_timeout_never_expires needs Expiry;
    an_expired_call_is_not_run needs Expiry;
    an_expired_cast_is_not_run needs Expiry;
    a_request_that_waits_within_its_deadline_is_run;
}

#[track_caller]
fn timed_out<T>(result: Result<T, Error>) {
    let kind = result.err().as_ref().map(Error::kind);
    assert_eq!(kind, Some(ErrorKind::Timeout));
}

async fn a_call_without_a_reply_in_time_times_out(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let gate = Gate::shut();
    let _server = serve(&transport, "topic", "server", Service::new().waiting(&gate)).await?;
    let hasty = client(&transport, "topic").prepare().timeout(SHORT);
    let error = soon(hasty.call::<_, ()>("wait", ())).await.expect_err("nobody answered");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.operation(), Some("call"));
    assert_eq!(error.get("method"), Some("wait"));
    Ok(())
}

async fn each_call_has_its_own_deadline(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let gate = Gate::shut();
    let _server = serve(&transport, "topic", "server", Service::new().waiting(&gate)).await?;
    let client = client(&transport, "topic");
    let patient = client.call::<_, ()>("wait", ());
    let hasty = async {
        gate.entered(1).await;
        timed_out(client.prepare().timeout(SHORT).call::<_, ()>("wait", ()).await);
        gate.open();
    };
    let (reply, ()) = soon(async { tokio::join!(patient, hasty) }).await;
    reply?;
    Ok(())
}

async fn a_deadline_of_zero_times_out_at_once(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let hopeless = client(&transport, "topic").prepare().timeout(Duration::ZERO);
    timed_out(soon(hopeless.call::<_, Value>("echo", ())).await);
    client(&transport, "topic").call::<_, Value>("echo", ()).await?;
    Ok(())
}

async fn a_late_reply_is_ignored(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let gate = Gate::shut();
    let service = Service::echo().waiting(&gate);
    let _server = serve(&transport, "topic", "server", service).await?;
    let client = client(&transport, "topic");
    timed_out(soon(client.prepare().timeout(SHORT).call::<_, ()>("wait", ())).await);
    // The handler, if it began, answers to nobody now.
    gate.open();
    for n in 0..20 {
        let reply: Value = client.call("echo", json!({ "n": n })).await?;
        assert_eq!(reply, json!({ "n": n }), "the late reply of another call");
    }
    Ok(())
}

async fn a_timed_out_call_leaves_the_others_waiting(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let gate = Gate::shut();
    let _server = serve(&transport, "topic", "server", Service::echo().waiting(&gate)).await?;
    let client = client(&transport, "topic");
    let waiting = async { client.call::<_, ()>("wait", ()).await };
    let others = async {
        gate.entered(1).await;
        let hasty = client.prepare().timeout(SHORT);
        let hasty = (0..5).map(|_| hasty.call::<_, ()>("wait", ()));
        for reply in futures_util::future::join_all(hasty).await {
            timed_out(reply);
        }
        client.call::<_, Value>("echo", ()).await?;
        gate.open();
        Ok::<_, Error>(())
    };
    let (reply, others) = soon(async { tokio::join!(waiting, others) }).await;
    others?;
    reply?;
    Ok(())
}

/// A server whose method `left` returns the milliseconds that are left, if it knows.
async fn clock(transport: &Transport, journal: &Journal<Option<u128>>) -> CaseResult<RpcServer> {
    let journal = journal.clone();
    let service = Service::new().method("left", move |_: Value, context| {
        journal.write(context.remaining().map(|left| left.as_millis()));
        async { Ok(()) }
    });
    Ok(serve(transport, "topic", "server", service).await?)
}

async fn a_handler_knows_how_much_time_is_left(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _server = clock(&transport, &journal).await?;
    let client = client(&transport, "topic");
    client.call::<_, ()>("left", ()).await?;
    client.cast("left", ()).await?;
    for left in journal.take(2).await {
        let left = left.expect("the message carries the time that is left");
        assert!(left > 0 && left <= PATIENCE.as_millis(), "{left} ms are left of {PATIENCE:?}");
    }
    Ok(())
}

async fn a_cast_without_a_timeout_never_expires(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _server = clock(&transport, &journal).await?;
    caster(&transport, "topic").cast("left", ()).await?;
    assert_eq!(journal.next().await, None);
    Ok(())
}

/// A server that handles one request at a time, and is busy until the gate opens.
async fn busy(
    transport: &Transport,
    gate: &Gate,
    journal: &Journal<String>,
) -> CaseResult<RpcServer> {
    let target = Target::new("topic").with_server("server");
    let service = Service::new().waiting(gate).noting(journal);
    let server = RpcServer::builder(transport, target).endpoint(service).concurrency(1);
    let server = server.start().await?;
    caster(transport, "topic").cast("wait", ()).await?;
    gate.entered(1).await;
    Ok(server)
}

/// What was sent before in haste has expired, for its server as well: that one counts the time
/// that was left from when the message came, and a bus may take its time to bring it.
async fn later(hasty: &Prepared) {
    let patient = hasty.clone().timeout(5 * SHORT);
    timed_out(soon(patient.call::<_, ()>("wait", ())).await);
}

async fn an_expired_call_is_not_run(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (gate, journal) = (Gate::shut(), Journal::new());
    let _server = busy(&transport, &gate, &journal).await?;
    let client = client(&transport, "topic");
    let hasty = client.prepare().timeout(SHORT).retry(Retry::NEVER);
    timed_out(soon(hasty.call::<_, ()>("note", json!({ "it": "expired" }))).await);
    later(&hasty).await;
    gate.open();
    client.call::<_, ()>("note", json!({ "it": "in time" })).await?;
    assert_eq!(journal.rest().await, ["in time"]);
    Ok(())
}

async fn an_expired_cast_is_not_run(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (gate, journal) = (Gate::shut(), Journal::new());
    let _server = busy(&transport, &gate, &journal).await?;
    let client = client(&transport, "topic");
    let hasty = client.prepare().timeout(SHORT);
    hasty.cast("note", json!({ "it": "expired" })).await?;
    later(&hasty).await;
    gate.open();
    client.call::<_, ()>("note", json!({ "it": "in time" })).await?;
    assert_eq!(journal.rest().await, ["in time"]);
    Ok(())
}

async fn a_request_that_waits_within_its_deadline_is_run(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (gate, journal) = (Gate::shut(), Journal::new());
    let _server = busy(&transport, &gate, &journal).await?;
    let client = client(&transport, "topic");
    client.cast("note", json!({ "it": "with a deadline" })).await?;
    caster(&transport, "topic").cast("note", json!({ "it": "without one" })).await?;
    assert_eq!(journal.rest().await, [""; 0], "the server is busy");
    gate.open();
    let mut ran = journal.take(2).await;
    ran.sort();
    assert_eq!(ran, ["with a deadline", "without one"]);
    Ok(())
}

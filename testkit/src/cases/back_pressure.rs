//! Back-pressure: a full queue slows its senders, and memory does not grow with what nobody takes.

use std::time::Duration;

use busway_core::ErrorKind;
use busway_core::rpc::{RpcClient, RpcServer};
use busway_core::{Target, Transport};
use serde_json::json;

use super::telling::{TOPIC, listen, notifier_of};
use crate::Harness;
use crate::stage::{Gate, Journal, PATIENCE, Service, soon};
use crate::suite::{CaseResult, cases};

/// A deadline that is to pass.
const SHORT: Duration = Duration::from_millis(100);

cases! {
    [BackPressure, Narrow]
    casts_to_a_server_that_does_not_keep_up_are_bounded needs Rpc;
    a_sender_that_waits_goes_on_when_there_is_room needs Rpc;
    a_slow_server_does_not_slow_another_topic needs Rpc;
    notifications_nobody_takes_are_bounded needs Notifications;
}

/// A server that handles one request at a time, each of which waits at the gate.
async fn blocked(transport: &Transport, gate: &Gate) -> CaseResult<RpcServer> {
    let target = Target::new("topic").with_server("server");
    let server = RpcServer::builder(transport, target).endpoint(Service::new().waiting(gate));
    Ok(server.concurrency(1).start().await?)
}

/// Casts until one is not accepted in time; how many were.
async fn fill(client: &RpcClient, at_most: usize) -> CaseResult<usize> {
    for accepted in 0..=at_most {
        let Err(error) = soon(client.cast("wait", ())).await else { continue };
        assert!(matches!(error.kind(), ErrorKind::Full | ErrorKind::Timeout), "{error}");
        assert!(error.is_retryable());
        return Ok(accepted);
    }
    panic!("{at_most} casts were accepted by a queue that holds fewer");
}

fn hasty(transport: &Transport) -> RpcClient {
    RpcClient::builder(transport, Target::new("topic")).timeout(SHORT).build()
}

/// What is held besides the queue: by the server, and by what the driver has fetched for it.
const SLACK: usize = 64;

async fn casts_to_a_server_that_does_not_keep_up_are_bounded(harness: &dyn Harness) -> CaseResult {
    let (transport, room) = harness.open_narrow().await?;
    let gate = Gate::shut();
    let _server = blocked(&transport, &gate).await?;
    let accepted = fill(&hasty(&transport), room + SLACK).await?;
    assert!(accepted >= room, "{accepted} were accepted where there is room for {room}");
    Ok(())
}

async fn a_sender_that_waits_goes_on_when_there_is_room(harness: &dyn Harness) -> CaseResult {
    let (transport, room) = harness.open_narrow().await?;
    let gate = Gate::shut();
    let _server = blocked(&transport, &gate).await?;
    fill(&hasty(&transport), room + SLACK).await?;
    let patient = RpcClient::builder(&transport, Target::new("topic")).timeout(PATIENCE).build();
    let waiting = patient.call::<_, ()>("wait", ());
    let opening = async { gate.open() };
    let (reply, ()) = soon(async { tokio::join!(waiting, opening) }).await;
    reply?;
    Ok(())
}

async fn a_slow_server_does_not_slow_another_topic(harness: &dyn Harness) -> CaseResult {
    let (transport, room) = harness.open_narrow().await?;
    let gate = Gate::shut();
    let _blocked = blocked(&transport, &gate).await?;
    let _server = crate::stage::serve(&transport, "another", "server", Service::echo()).await?;
    fill(&hasty(&transport), room + SLACK).await?;
    let client = crate::stage::client(&transport, "another");
    for n in 0..10 {
        let reply: serde_json::Value = client.call("echo", json!({ "n": n })).await?;
        assert_eq!(reply, json!({ "n": n }));
    }
    Ok(())
}

async fn notifications_nobody_takes_are_bounded(harness: &dyn Harness) -> CaseResult {
    let (transport, room) = harness.open_narrow().await?;
    let notifier = notifier_of(&transport, &[TOPIC])?;
    let hasty = notifier.prepare().timeout(SHORT);
    let mut stored = 0;
    let error = loop {
        let told = hasty.notify(busway_core::notify::Priority::Info, "event", json!(stored));
        match soon(told).await {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored <= room + SLACK, "{stored} are stored where there is room for {room}");
    };
    assert!(matches!(error.kind(), ErrorKind::Full | ErrorKind::Timeout), "{error}");
    // What was stored is there, and what was refused is not; of what was not told in time nobody
    // knows.
    let journal = Journal::new();
    let _listener = listen(&transport, TOPIC, &journal).await?;
    journal.take(stored).await;
    notifier.info("last", json!({})).await?;
    let mut next = journal.next().await;
    if error.kind() == ErrorKind::Timeout && next.event_type == "event" {
        next = journal.next().await;
    }
    assert_eq!(next.event_type, "last");
    Ok(())
}

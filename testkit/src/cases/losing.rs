//! A bus that is away for a while, or takes nothing: what senders see of it, and how it goes on.

use std::time::Duration;

use busway_core::driver::{Retry, TransportEvent};
use busway_core::{Error, ErrorKind, Transport};
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};

use super::telling::{TOPIC, listen, notifier};
use crate::Harness;
use crate::stage::{Gate, Journal, Service, client, open, serve, soon};
use crate::suite::{CaseResult, cases};

/// A deadline that is to pass.
const SHORT: Duration = Duration::from_millis(200);

cases! {
    []
    calls_go_on_after_the_connection_is_back needs Rpc, Sever;
    notifications_go_on_after_the_connection_is_back needs Notifications, Sever;
    a_cast_with_retries_waits_for_the_connection needs Rpc, Sever;
    a_notification_with_retries_waits_for_the_connection needs Notifications, Sever;
    a_send_without_retries_fails_while_the_bus_is_away needs Rpc, Sever;
    a_send_with_retries_ends_with_its_deadline_while_the_bus_is_away needs Rpc, Sever;
    a_handler_that_runs_through_a_loss_runs_once_without_retries needs Rpc, AtMostOnce, Sever;
    closing_ends_while_the_bus_is_away needs Rpc, Sever;
    a_server_stops_while_the_bus_is_away needs Rpc, Sever;
    a_loss_and_a_return_are_told_as_events needs Sever;
    a_send_on_a_stalled_bus_ends_with_its_deadline needs Rpc, Stall;
    a_send_on_a_blocked_bus_waits_until_it_takes_messages_again needs Rpc, Block;
    a_send_on_a_blocked_bus_ends_with_its_deadline needs Rpc, Block;
    a_notification_on_a_blocked_bus_ends_with_its_deadline needs Notifications, Block;
    a_blocked_bus_is_told_as_an_event needs Rpc, Block;
}

/// A call goes through.
async fn usable(transport: &Transport) -> CaseResult {
    let reply: Value = soon(client(transport, "topic").call("echo", json!({ "a": 1 }))).await?;
    assert_eq!(reply, json!({ "a": 1 }));
    Ok(())
}

async fn calls_go_on_after_the_connection_is_back(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let _server = serve(&theirs, "topic", "server", Service::echo()).await?;
    for _ in 0..3 {
        usable(&ours).await?;
        harness.sever().await?;
        harness.heal().await?;
    }
    usable(&ours).await
}

async fn notifications_go_on_after_the_connection_is_back(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::new();
    let _listener = listen(&theirs, TOPIC, &journal).await?;
    let notifier = notifier(&ours)?;
    for round in 0..3 {
        soon(notifier.info("event", json!(round))).await?;
        harness.sever().await?;
        harness.heal().await?;
    }
    soon(notifier.info("last", json!(3))).await?;
    // Each comes at least once.
    let mut missing: std::collections::BTreeSet<u64> = (0..4).collect();
    while !missing.is_empty() {
        missing.remove(&journal.next().await.payload.to()?);
    }
    Ok(())
}

async fn a_cast_with_retries_waits_for_the_connection(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::<u64>::new();
    let service = Service::echo().noting(&journal);
    let _server = serve(&theirs, "topic", "server", service).await?;
    usable(&ours).await?;
    harness.sever().await?;
    let client = client(&ours, "topic");
    let casting = client.cast("note", json!({ "it": 1 }));
    let (cast, healed) = soon(async { tokio::join!(casting, harness.heal()) }).await;
    healed?;
    cast?;
    assert_eq!(journal.next().await, 1);
    Ok(())
}

async fn a_notification_with_retries_waits_for_the_connection(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::new();
    let _listener = listen(&theirs, TOPIC, &journal).await?;
    let notifier = notifier(&ours)?;
    notifier.info("before", json!({})).await?;
    assert_eq!(journal.next().await.event_type, "before");
    harness.sever().await?;
    let telling = notifier.info("meanwhile", json!({}));
    let (told, healed) = soon(async { tokio::join!(telling, harness.heal()) }).await;
    healed?;
    told?;
    while journal.next().await.event_type != "meanwhile" {}
    Ok(())
}

#[track_caller]
fn away<T>(result: Result<T, Error>) {
    let Err(error) = result else { panic!("the bus is away") };
    let kinds = [ErrorKind::Connection, ErrorKind::Timeout, ErrorKind::InDoubt];
    assert!(kinds.contains(&error.kind()), "{error}");
}

async fn a_send_without_retries_fails_while_the_bus_is_away(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::<u64>::new();
    let service = Service::echo().noting(&journal);
    let _server = serve(&theirs, "topic", "server", service).await?;
    usable(&ours).await?;
    harness.sever().await?;
    let hasty = client(&ours, "topic").prepare().timeout(SHORT).retry(Retry::NEVER);
    away(soon(hasty.call::<_, ()>("note", json!({ "it": 1 }))).await);
    away(soon(hasty.cast("note", json!({ "it": 2 }))).await);
    harness.heal().await?;
    for _ in 0..5 {
        usable(&ours).await?;
    }
    assert_eq!(journal.rest().await, [0_u64; 0], "what failed is not sent later");
    Ok(())
}

async fn a_send_with_retries_ends_with_its_deadline_while_the_bus_is_away(
    harness: &dyn Harness,
) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let _server = serve(&theirs, "topic", "server", Service::echo()).await?;
    usable(&ours).await?;
    harness.sever().await?;
    let hasty = client(&ours, "topic").prepare().timeout(SHORT).retry(Retry::Forever);
    away(soon(hasty.call::<_, Value>("echo", ())).await);
    away(soon(hasty.cast("echo", ())).await);
    harness.heal().await?;
    usable(&ours).await
}

async fn a_handler_that_runs_through_a_loss_runs_once_without_retries(
    harness: &dyn Harness,
) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let gate = Gate::shut();
    let _server = serve(&theirs, "topic", "server", Service::echo().waiting(&gate)).await?;
    let once = client(&ours, "topic").prepare().retry(Retry::NEVER);
    let losing = async {
        gate.entered(1).await;
        harness.sever().await?;
        harness.heal().await?;
        gate.open();
        Ok::<_, Error>(())
    };
    let (reply, lost) = soon(async { tokio::join!(once.call::<_, ()>("wait", ()), losing) }).await;
    lost?;
    // Its reply may have been lost with the connection.
    if let Err(error) = reply {
        assert!(matches!(error.kind(), ErrorKind::InDoubt | ErrorKind::Timeout), "{error}");
    }
    usable(&ours).await?;
    assert_eq!(gate.come(), 1);
    Ok(())
}

async fn closing_ends_while_the_bus_is_away(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let mut server = serve(&theirs, "topic", "server", Service::echo()).await?;
    usable(&ours).await?;
    harness.sever().await?;
    for transport in [&ours, &theirs] {
        match soon(transport.close_within(SHORT)).await {
            Ok(()) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::Timeout, "{error}"),
        }
        assert!(transport.is_closed());
    }
    soon(server.wait()).await?;
    harness.heal().await?;
    let again = open(harness).await?;
    let _server = serve(&again, "topic", "server", Service::echo()).await?;
    usable(&again).await
}

async fn a_server_stops_while_the_bus_is_away(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let server = serve(&theirs, "topic", "server", Service::echo()).await?;
    usable(&ours).await?;
    harness.sever().await?;
    // Whether the bus could be told or not, it ends.
    let _ = soon(server.stop_within(SHORT)).await;
    harness.heal().await?;
    let _server = serve(&theirs, "topic", "server", Service::echo()).await?;
    usable(&ours).await
}

async fn told(
    events: &mut (impl Stream<Item = TransportEvent> + Unpin),
    wanted: impl Fn(&TransportEvent) -> bool,
) {
    soon(async {
        loop {
            match events.next().await {
                Some(event) if wanted(&event) => return,
                Some(_) => {}
                None => panic!("the events ended"),
            }
        }
    })
    .await;
}

/// Waits until a transport is told that the bus takes nothing.
///
/// A bus may tell only those who send, and only then: what they send till then, it may take later.
async fn blocked(transport: &Transport, events: &mut (impl Stream<Item = TransportEvent> + Unpin)) {
    let hasty = client(transport, "topic").prepare().timeout(SHORT);
    let knocking = async {
        loop {
            // Whether it gets through is no matter.
            let _ = hasty.call::<_, Value>("echo", ()).await;
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = told(events, |it| matches!(it, TransportEvent::Blocked { .. })) => {}
        () = knocking => {}
    }
}

async fn a_loss_and_a_return_are_told_as_events(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let mut events = transport.events();
    for _ in 0..2 {
        harness.sever().await?;
        told(&mut events, |it| matches!(it, TransportEvent::Disconnected { .. })).await;
        harness.heal().await?;
        told(&mut events, |it| matches!(it, TransportEvent::Connected { .. })).await;
    }
    Ok(())
}

async fn a_send_on_a_stalled_bus_ends_with_its_deadline(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    usable(&transport).await?;
    harness.stall().await?;
    let hasty = client(&transport, "topic").prepare().timeout(SHORT);
    away(soon(hasty.call::<_, Value>("echo", ())).await);
    harness.heal().await?;
    usable(&transport).await
}

async fn a_send_on_a_blocked_bus_waits_until_it_takes_messages_again(
    harness: &dyn Harness,
) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    usable(&transport).await?;
    harness.block().await?;
    let client = client(&transport, "topic");
    let calling = client.call::<_, Value>("echo", json!({ "a": 1 }));
    let (reply, healed) = soon(async { tokio::join!(calling, harness.heal()) }).await;
    healed?;
    assert_eq!(reply?, json!({ "a": 1 }));
    Ok(())
}

async fn a_send_on_a_blocked_bus_ends_with_its_deadline(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::<u64>::new();
    let service = Service::echo().noting(&journal);
    let _server = serve(&transport, "topic", "server", service).await?;
    usable(&transport).await?;
    let mut events = transport.events();
    harness.block().await?;
    blocked(&transport, &mut events).await;
    let hasty = client(&transport, "topic").prepare().timeout(SHORT);
    for sent in [
        soon(hasty.call::<_, ()>("note", json!({ "it": 1 }))).await,
        soon(hasty.cast("note", json!({ "it": 2 }))).await,
    ] {
        let error = sent.expect_err("the bus takes nothing");
        assert!(matches!(error.kind(), ErrorKind::Full | ErrorKind::Timeout), "{error}");
    }
    harness.heal().await?;
    for _ in 0..5 {
        usable(&transport).await?;
    }
    assert_eq!(journal.rest().await, [0_u64; 0], "what failed is not sent later");
    Ok(())
}

async fn a_notification_on_a_blocked_bus_ends_with_its_deadline(
    harness: &dyn Harness,
) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _listener = listen(&transport, TOPIC, &journal).await?;
    let notifier = notifier(&transport)?;
    harness.block().await?;
    let told = notifier.prepare().timeout(SHORT);
    let error = soon(told.notify(busway_core::notify::Priority::Info, "blocked", json!({}))).await;
    let error = error.expect_err("the bus takes nothing");
    assert!(matches!(error.kind(), ErrorKind::Full | ErrorKind::Timeout), "{error}");
    harness.heal().await?;
    soon(notifier.info("unblocked", json!({}))).await?;
    while journal.next().await.event_type != "unblocked" {}
    Ok(())
}

async fn a_blocked_bus_is_told_as_an_event(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let mut events = transport.events();
    harness.block().await?;
    blocked(&transport, &mut events).await;
    harness.heal().await?;
    told(&mut events, |it| matches!(it, TransportEvent::Unblocked)).await;
    Ok(())
}

//! A bus that is away for a while: what senders see of it, and how it goes on.

use busway_core::driver::{Retry, TransportEvent};
use busway_core::rpc::RpcClient;
use busway_core::{Error, ErrorKind, Transport};
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::telling::{TOPIC, listen, notifier};
use super::trouble::{SHORT, away, closing_ends, told, usable};
use crate::Harness;
use crate::stage::{Gate, Journal, Service, client, open, serve, soon};
use crate::suite::{CaseResult, cases};

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
    opening_ends_while_the_bus_is_away needs Rpc, Sever;
    a_server_can_be_started_right_after_a_loss needs Rpc, Sever;
    calls_of_a_hundred_senders_outlive_two_losses needs Rpc, Sever;
    calls_of_a_hundred_senders_outlive_two_restarts needs Rpc, Restart;
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
    closing_ends(harness, harness.sever()).await
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

async fn opening_ends_while_the_bus_is_away(harness: &dyn Harness) -> CaseResult {
    let theirs = open(harness).await?;
    let _server = serve(&theirs, "topic", "server", Service::echo()).await?;
    harness.sever().await?;
    let opened = match soon(open(harness)).await {
        // It may open, and connect when it can.
        Ok(transport) => {
            let hasty = client(&transport, "topic").prepare().timeout(SHORT);
            away(soon(hasty.call::<_, Value>("echo", ())).await);
            Some(transport)
        }
        Err(error) => {
            away::<()>(Err(error));
            None
        }
    };
    harness.heal().await?;
    match opened {
        Some(transport) => usable(&transport).await,
        None => usable(&open(harness).await?).await,
    }
}

async fn a_server_can_be_started_right_after_a_loss(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    for number in 1..=3 {
        let (topic, args) = (format!("topic {number}"), json!({ "number": number }));
        harness.sever().await?;
        harness.heal().await?;
        // The transport may not have noticed yet, or may not be back.
        let _server = serve(&transport, &topic, "server", Service::echo()).await?;
        assert_eq!(client(&transport, &topic).call::<_, Value>("echo", &args).await?, args);
    }
    Ok(())
}

const SENDERS: usize = 100;

async fn calls_of_a_hundred_senders_outlive_two_losses(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let losing = async || {
        harness.sever().await?;
        harness.heal().await
    };
    calls_outlive(&ours, &theirs, 20, losing).await
}

async fn calls_of_a_hundred_senders_outlive_two_restarts(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    calls_outlive(&ours, &theirs, 100, async || harness.restart().await).await
}

/// The reply to a call. Where the caller is back before the server is, it is told at once that
/// nobody serves the target, and calls again.
async fn reply_once_served(client: &RpcClient, args: &Value) -> Result<Value, Error> {
    loop {
        match client.call("echo", args).await {
            Err(error) if error.kind() == ErrorKind::Undeliverable => {
                tokio::task::yield_now().await;
            }
            replied => return replied,
        }
    }
}

/// Each sender calls so many times, and the bus is lost after a third and after two thirds of all
/// calls: each call has its own reply.
async fn calls_outlive(
    ours: &Transport,
    theirs: &Transport,
    calls: usize,
    lose: impl AsyncFn() -> Result<(), Error>,
) -> CaseResult {
    let _server = serve(theirs, "topic", "server", Service::echo()).await?;
    let client = client(ours, "topic");
    let journal = Journal::new();
    let calling = try_join_all((0..SENDERS).map(async |sender| {
        for number in 0..calls {
            let args = json!({ "sender": sender, "number": number });
            assert_eq!(reply_once_served(&client, &args).await?, args);
            journal.write(());
        }
        Ok::<_, Error>(())
    }));
    let losing = async {
        for _ in 0..2 {
            journal.take(SENDERS * calls / 3).await;
            lose().await?;
        }
        Ok::<_, Error>(())
    };
    tokio::try_join!(calling, losing)?;
    Ok(())
}

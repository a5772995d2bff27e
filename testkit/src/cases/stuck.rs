//! A bus that is there, and takes nothing: stalled without a word, or short of something.

use std::time::Duration;

use busway_core::driver::TransportEvent;
use busway_core::notify::Priority;
use busway_core::{ErrorKind, Transport};
use futures_util::Stream;
use serde_json::{Value, json};

use super::telling::{TOPIC, listen, notifier};
use super::trouble::{SHORT, away, closing_ends, told, usable};
use crate::Harness;
use crate::stage::{Journal, Service, client, open, serve, soon};
use crate::suite::{CaseResult, cases};

/// How long a bus that takes messages may take for one: a bound for failure, as the patience is.
const KNOCK: Duration = Duration::from_secs(2);
/// More than a bus that is blocked has allowed before.
const KNOCKS: usize = 2000;

cases! {
    []
    opening_a_stalled_bus_ends needs Rpc, Stall;
    a_send_on_a_stalled_bus_ends_with_its_deadline needs Rpc, Stall;
    a_notification_on_a_stalled_bus_ends_with_its_deadline needs Notifications, Stall;
    closing_ends_while_the_bus_is_stalled needs Rpc, Stall;
    a_send_on_a_blocked_bus_waits_until_it_takes_messages_again needs Rpc, Block;
    a_send_on_a_blocked_bus_ends_with_its_deadline needs Rpc, Block;
    a_notification_on_a_blocked_bus_ends_with_its_deadline needs Notifications, Block;
    a_blocked_bus_is_told_as_an_event needs Rpc, BlockIsTold;
}

/// Waits until the bus says that it takes nothing, or takes nothing more for a topic.
///
/// Either comes only to those who send, and may come late: what they send till then, it may take
/// later.
async fn blocked(transport: &Transport, events: &mut (impl Stream<Item = TransportEvent> + Unpin)) {
    let hasty = client(transport, "topic").prepare().timeout(KNOCK);
    let knocking = async {
        for _ in 0..KNOCKS {
            if hasty.cast("echo", json!({})).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the bus takes what it is sent");
    };
    tokio::select! {
        () = told(events, |it| matches!(it, TransportEvent::Blocked { .. })) => {}
        () = knocking => {}
    }
}

async fn opening_a_stalled_bus_ends(harness: &dyn Harness) -> CaseResult {
    let theirs = open(harness).await?;
    let _server = serve(&theirs, "topic", "server", Service::echo()).await?;
    harness.stall().await?;
    if let Err(error) = soon(open(harness)).await {
        away::<()>(Err(error));
    }
    harness.heal().await?;
    usable(&open(harness).await?).await
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

async fn a_notification_on_a_stalled_bus_ends_with_its_deadline(
    harness: &dyn Harness,
) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _listener = listen(&transport, TOPIC, &journal).await?;
    let notifier = notifier(&transport)?;
    notifier.info("before", json!({})).await?;
    harness.stall().await?;
    let hasty = notifier.prepare().timeout(SHORT);
    away(soon(hasty.notify(Priority::Info, "stalled", json!({}))).await);
    harness.heal().await?;
    soon(notifier.info("after", json!({}))).await?;
    while journal.next().await.event_type != "after" {}
    Ok(())
}

async fn closing_ends_while_the_bus_is_stalled(harness: &dyn Harness) -> CaseResult {
    closing_ends(harness, harness.stall()).await
}

async fn a_send_on_a_blocked_bus_waits_until_it_takes_messages_again(
    harness: &dyn Harness,
) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    usable(&transport).await?;
    let mut events = transport.events();
    harness.block().await?;
    blocked(&transport, &mut events).await;
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
    let hasty = notifier.prepare().timeout(SHORT);
    // What it has allowed before, it may take still.
    let knocking = async {
        for _ in 0..KNOCKS {
            if let Err(error) = hasty.notify(Priority::Info, "blocked", json!({})).await {
                return error;
            }
        }
        panic!("the bus takes what it is sent");
    };
    let error = soon(knocking).await;
    assert!(matches!(error.kind(), ErrorKind::Full | ErrorKind::Timeout), "{error}");
    harness.heal().await?;
    soon(notifier.info("unblocked", json!({}))).await?;
    while journal.next().await.event_type != "unblocked" {}
    Ok(())
}

async fn a_blocked_bus_is_told_as_an_event(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let (mut events, mut knocked) = (transport.events(), transport.events());
    harness.block().await?;
    let knocking = blocked(&transport, &mut knocked);
    let told_so = told(&mut events, |it| matches!(it, TransportEvent::Blocked { .. }));
    tokio::join!(knocking, told_so);
    harness.heal().await?;
    told(&mut events, |it| matches!(it, TransportEvent::Unblocked)).await;
    Ok(())
}

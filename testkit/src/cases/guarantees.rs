//! What each send promises, whatever is lost.

use std::collections::BTreeMap;

use busway_core::driver::Retry;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::telling::{TOPIC, listen, notifier};
use crate::Harness;
use crate::stage::{Journal, PATIENCE, Service, caster, client, open, serve, soon, until};
use crate::suite::{CaseResult, Failed, cases};

cases! {
    []
    each_cast_runs_once needs Rpc;
    each_call_runs_once needs Rpc;
    an_accepted_cast_is_run needs Rpc;
    without_retries_at_most_once_means_once needs Rpc, AtMostOnce;
    without_retries_at_most_once_means_once_under_loss needs Rpc, AtMostOnce, Sever;
    a_confirmed_notification_is_there needs Notifications;
    a_confirmed_notification_survives_a_restart needs Notifications, DurableNotifications, Restart;
    what_is_served_is_not_held needs Rpc, Count;
}

/// How often each number came.
fn times(entries: Vec<u64>) -> BTreeMap<u64, usize> {
    let mut times = BTreeMap::new();
    for entry in entries {
        *times.entry(entry).or_default() += 1;
    }
    times
}

async fn each_cast_runs_once(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::new();
    let _server = serve(&theirs, "topic", "server", Service::new().noting(&journal)).await?;
    let caster = caster(&ours, "topic");
    let casts = (0..100_u64).map(|it| caster.cast("note", json!({ "it": it })));
    for sent in join_all(casts).await {
        sent?;
    }
    let mut entries = journal.take(100).await;
    for it in 100..110 {
        client(&ours, "topic").call::<_, ()>("note", json!({ "it": it })).await?;
    }
    entries.extend(journal.rest().await);
    assert_eq!(times(entries), (0..110).map(|it| (it, 1)).collect());
    Ok(())
}

async fn each_call_runs_once(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::new();
    let _server = serve(&theirs, "topic", "server", Service::new().noting(&journal)).await?;
    let client = client(&ours, "topic");
    let calls = (0..100_u64).map(|it| client.call::<_, ()>("note", json!({ "it": it })));
    for reply in join_all(calls).await {
        reply?;
    }
    assert_eq!(times(journal.rest().await), (0..100).map(|it| (it, 1)).collect());
    Ok(())
}

async fn an_accepted_cast_is_run(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::<u64>::new();
    let _server = serve(&theirs, "topic", "server", Service::new().noting(&journal)).await?;
    // The sender goes as soon as the bus has accepted it.
    caster(&ours, "topic").cast("note", json!({ "it": 1 })).await?;
    soon(ours.close()).await?;
    assert_eq!(journal.next().await, 1);
    Ok(())
}

async fn without_retries_at_most_once_means_once(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::new();
    let _server = serve(&theirs, "topic", "server", Service::new().noting(&journal)).await?;
    let once = client(&ours, "topic").prepare().retry(Retry::NEVER);
    for it in 0..50_u64 {
        once.cast("note", json!({ "it": 2 * it })).await?;
        once.call::<_, ()>("note", json!({ "it": 2 * it + 1 })).await?;
    }
    assert_eq!(times(journal.take(100).await), (0..100).map(|it| (it, 1)).collect());
    once.call::<_, ()>("note", json!({ "it": 100 })).await?;
    assert_eq!(journal.rest().await, [100]);
    Ok(())
}

async fn without_retries_at_most_once_means_once_under_loss(harness: &dyn Harness) -> CaseResult {
    const ROUNDS: u64 = 3;
    const EACH: u64 = 70;
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::new();
    let _server = serve(&theirs, "topic", "server", Service::new().noting(&journal)).await?;
    let once = &client(&ours, "topic").prepare().retry(Retry::NEVER);
    let send = async |it: u64| {
        let args = json!({ "it": it });
        // Either may fail: the connection is cut.
        let _: busway_core::Result<()> = match it % 2 {
            0 => once.cast("note", args).await,
            _ => once.call("note", args).await,
        };
    };
    let mut noted = Vec::new();
    for round in 0..ROUNDS {
        let all_sent = Notify::new();
        let sending = async {
            join_all((round * EACH..(round + 1) * EACH).map(&send)).await;
            all_sent.notify_one();
        };
        let cutting = async {
            // It is cut while something is under way, or was lost already.
            tokio::select! {
                biased;
                entry = journal.next() => noted.push(entry),
                () = all_sent.notified() => {}
            }
            harness.sever().await?;
            harness.heal().await
        };
        let ((), cut) = tokio::join!(sending, cutting);
        cut?;
    }
    assert!(!noted.is_empty(), "nothing got through at all");
    // What comes after all of it proves that nothing of it comes later.
    let retrying = client(&ours, "topic");
    retrying.call::<_, Value>("note", json!({ "it": ROUNDS * EACH })).await?;
    noted.extend(journal.rest().await);
    let ran = times(noted);
    let twice: Vec<_> = ran.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "ran more than once: {twice:?}");
    Ok(())
}

async fn a_confirmed_notification_is_there(harness: &dyn Harness) -> CaseResult {
    let ours = open(harness).await?;
    let notifier = notifier(&ours)?;
    for it in 0..20 {
        // Nobody listens yet.
        notifier.info("event", json!({ "it": it })).await?;
    }
    soon(ours.close()).await?;
    let theirs = open(harness).await?;
    let journal = Journal::new();
    let _listener = listen(&theirs, TOPIC, &journal).await?;
    let mut came = Vec::new();
    for notification in journal.take(20).await {
        came.push(notification.payload.to::<Value>()?["it"].as_u64().unwrap_or(u64::MAX));
    }
    assert_eq!(times(came), (0..20).map(|it| (it, 1)).collect());
    Ok(())
}

async fn a_confirmed_notification_survives_a_restart(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let notifier = notifier(&transport)?;
    for it in 0..20 {
        notifier.info("event", json!({ "it": it })).await?;
    }
    harness.restart().await?;
    let journal = Journal::new();
    let _listener = listen(&transport, TOPIC, &journal).await?;
    let mut came = Vec::new();
    for notification in journal.take(20).await {
        came.push(notification.payload.to::<Value>()?["it"].as_u64().unwrap_or(u64::MAX));
    }
    // Stored means at least once.
    assert_eq!(times(came).len(), 20);
    Ok(())
}

async fn what_is_served_is_not_held(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let before = harness.held().await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let client = client(&transport, "topic");
    for _ in 0..20 {
        client.call::<_, Value>("echo", ()).await?;
    }
    // The last reply is settled a little after its caller has it.
    let settled = until(async || Ok::<_, Failed>(harness.held().await? <= before));
    let settled = tokio::time::timeout(PATIENCE, settled).await;
    settled.unwrap_or_else(|_| panic!("what was handled is held still"))
}

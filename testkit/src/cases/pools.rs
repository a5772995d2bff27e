//! Pools: each gets a copy of its own, which its members share.

use busway_core::Transport;
use busway_core::notify::NotificationListener;
use serde_json::json;

use super::telling::{TOPIC, notifier, noting};
use crate::Harness;
use crate::stage::{Journal, open, soon};
use crate::suite::{CaseResult, cases};

cases! {
    [Notifications, Pools]
    each_pool_gets_a_copy_of_its_own;
    the_members_of_a_pool_share_its_copies;
    a_listener_without_a_pool_gets_its_own_copy;
    a_pool_keeps_what_comes_while_its_members_are_away;
    what_a_pool_missed_before_it_was_there_stays_with_the_others;
}

type Entries = Journal<busway_core::notify::IncomingNotification>;

async fn member(
    transport: &Transport,
    pool: &str,
    journal: &Entries,
) -> CaseResult<NotificationListener> {
    Ok(noting(transport, TOPIC, journal).pool(pool).start().await?)
}

async fn each_pool_gets_a_copy_of_its_own(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journals: [Entries; 3] = [Journal::new(), Journal::new(), Journal::new()];
    let _first = member(&ours, "first", &journals[0]).await?;
    let _second = member(&theirs, "second", &journals[1]).await?;
    let _third = member(&theirs, "žlutý third", &journals[2]).await?;
    let notifier = notifier(&ours)?;
    for n in 0..5_u64 {
        notifier.info("event", json!(n)).await?;
        notifier.error("event", json!(n)).await?;
    }
    for journal in &journals {
        let mut numbers = Vec::new();
        for notification in journal.take(10).await {
            numbers.push(notification.payload.to::<u64>()?);
        }
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    }
    for journal in &journals {
        assert!(journal.rest().await.is_empty(), "a pool got two copies");
    }
    Ok(())
}

async fn the_members_of_a_pool_share_its_copies(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let (first, second): (Entries, Entries) = (Journal::new(), Journal::new());
    let _first = member(&ours, "pool", &first).await?;
    let _second = member(&theirs, "pool", &second).await?;
    let notifier = notifier(&ours)?;
    let mut of_first = 0;
    for _ in 0..40 {
        notifier.info("event", json!({})).await?;
        tokio::select! {
            _ = first.next() => of_first += 1,
            _ = second.next() => {}
        }
    }
    assert!(first.rest().await.is_empty() && second.rest().await.is_empty(), "more than one copy");
    assert!((10..=30).contains(&of_first), "the first got {of_first} of 40");
    Ok(())
}

async fn a_listener_without_a_pool_gets_its_own_copy(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (pooled, plain): (Entries, Entries) = (Journal::new(), Journal::new());
    let _pooled = member(&transport, "pool", &pooled).await?;
    let _plain = noting(&transport, TOPIC, &plain).start().await?;
    notifier(&transport)?.info("event", json!({})).await?;
    assert_eq!(pooled.next().await.message_id, plain.next().await.message_id);
    Ok(())
}

async fn a_pool_keeps_what_comes_while_its_members_are_away(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (first, second): (Entries, Entries) = (Journal::new(), Journal::new());
    let away = member(&transport, "first", &first).await?;
    let _second = member(&transport, "second", &second).await?;
    soon(away.stop()).await?;
    notifier(&transport)?.info("event", json!({})).await?;
    let other = second.next().await;
    let _first = member(&transport, "first", &first).await?;
    assert_eq!(first.next().await.message_id, other.message_id);
    Ok(())
}

async fn what_a_pool_missed_before_it_was_there_stays_with_the_others(
    harness: &dyn Harness,
) -> CaseResult {
    let transport = open(harness).await?;
    let (first, late): (Entries, Entries) = (Journal::new(), Journal::new());
    let _first = member(&transport, "first", &first).await?;
    let notifier = notifier(&transport)?;
    notifier.info("early", json!({})).await?;
    let _late = member(&transport, "late", &late).await?;
    notifier.info("late", json!({})).await?;
    let mut of_first: Vec<_> = first.take(2).await.iter().map(|it| it.event_type.clone()).collect();
    of_first.sort();
    assert_eq!(of_first, ["early", "late"]);
    assert_eq!(late.next().await.event_type, "late");
    Ok(())
}

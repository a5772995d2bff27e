//! Batches: by size, and by time.

use std::time::Duration;

use async_trait::async_trait;
use busway_core::notify::{
    BatchEndpoint, Handled, IncomingNotification, NotificationListener, Priority,
};
use busway_core::rpc::Failure;
use busway_core::{ErrorKind, Transport};
use serde_json::json;

use super::telling::{TOPIC, notifier};
use crate::Harness;
use crate::stage::{Gate, Journal, open, soon};
use crate::suite::{CaseResult, cases};

/// A wait that no case waits for.
const LONG: Duration = Duration::from_mins(10);
const SHORT: Duration = Duration::from_millis(50);

cases! {
    [Notifications]
    a_full_batch_does_not_wait;
    a_batch_that_does_not_fill_comes_after_its_time;
    a_batch_is_never_larger_than_its_size;
    a_batch_that_is_requeued_comes_again needs Requeue;
    a_batch_keeps_the_order needs Ordering;
    a_stopped_listener_gives_back_its_batch;
    a_batch_size_of_zero_is_refused;
}

/// What came in one batch.
type Batch = Vec<(u64, bool)>;

struct Batched {
    journal: Journal<Batch>,
    first: Handled,
    gate: Option<Gate>,
}

#[async_trait]
impl BatchEndpoint for Batched {
    fn priorities(&self) -> &[Priority] {
        &[Priority::Info]
    }

    async fn handle(&self, notifications: &[IncomingNotification]) -> Result<Handled, Failure> {
        let mut batch = Vec::new();
        for notification in notifications {
            batch.push((notification.payload.to()?, notification.redelivered()));
        }
        let again = batch.iter().any(|(_, redelivered)| *redelivered);
        self.journal.write(batch);
        if let Some(gate) = &self.gate {
            gate.pass().await;
        }
        Ok(if again { Handled::Done } else { self.first })
    }
}

async fn batched(
    transport: &Transport,
    journal: &Journal<Batch>,
    size: usize,
    wait: Duration,
) -> CaseResult<NotificationListener> {
    let endpoint = Batched { journal: journal.clone(), first: Handled::Done, gate: None };
    let listener = NotificationListener::builder(transport).topic(TOPIC).concurrency(1);
    Ok(listener.batch_endpoint(endpoint).batch(size, wait).start().await?)
}

async fn tell(transport: &Transport, numbers: std::ops::Range<u64>) -> CaseResult {
    let notifier = notifier(transport)?;
    for n in numbers {
        notifier.info("event", json!(n)).await?;
    }
    Ok(())
}

fn numbers(batches: &[Batch]) -> Vec<u64> {
    batches.iter().flatten().map(|(n, _)| *n).collect()
}

async fn a_full_batch_does_not_wait(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _listener = batched(&transport, &journal, 5, LONG).await?;
    tell(&transport, 0..10).await?;
    let batches = journal.take(2).await;
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5]);
    let mut numbers = numbers(&batches);
    numbers.sort_unstable();
    assert_eq!(numbers, (0..10).collect::<Vec<_>>());
    Ok(())
}

async fn a_batch_that_does_not_fill_comes_after_its_time(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _listener = batched(&transport, &journal, 100, SHORT).await?;
    tell(&transport, 0..3).await?;
    let mut batches = Vec::new();
    while numbers(&batches).len() < 3 {
        batches.push(journal.next().await);
    }
    assert_eq!(numbers(&batches).len(), 3);
    Ok(())
}

async fn a_batch_is_never_larger_than_its_size(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    tell(&transport, 0..25).await?;
    let _listener = batched(&transport, &journal, 10, SHORT).await?;
    let mut batches = Vec::new();
    while numbers(&batches).len() < 25 {
        batches.push(journal.next().await);
    }
    assert!(batches.iter().all(|batch| (1..=10).contains(&batch.len())), "{batches:?}");
    let mut numbers = numbers(&batches);
    numbers.sort_unstable();
    assert_eq!(numbers, (0..25).collect::<Vec<_>>());
    Ok(())
}

async fn a_batch_that_is_requeued_comes_again(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let endpoint = Batched { journal: journal.clone(), first: Handled::Requeue, gate: None };
    let listener = NotificationListener::builder(&transport).topic(TOPIC).allow_requeue(true);
    let listener = listener.batch_endpoint(endpoint).batch(3, LONG).concurrency(1);
    let _listener = listener.start().await?;
    tell(&transport, 0..3).await?;
    let first = journal.next().await;
    assert!(first.iter().all(|(_, redelivered)| !redelivered), "{first:?}");
    let second = journal.next().await;
    assert!(second.iter().all(|(_, redelivered)| *redelivered), "{second:?}");
    let mut again = numbers(&[second]);
    again.sort_unstable();
    assert_eq!(again, [0, 1, 2]);
    Ok(())
}

async fn a_batch_keeps_the_order(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    tell(&transport, 0..30).await?;
    let _listener = batched(&transport, &journal, 7, SHORT).await?;
    let mut batches = Vec::new();
    while numbers(&batches).len() < 30 {
        batches.push(journal.next().await);
    }
    assert_eq!(numbers(&batches), (0..30).collect::<Vec<_>>());
    Ok(())
}

async fn a_stopped_listener_gives_back_its_batch(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let gate = Gate::shut();
    let endpoint =
        Batched { journal: journal.clone(), first: Handled::Done, gate: Some(gate.clone()) };
    let listener = NotificationListener::builder(&transport).topic(TOPIC).concurrency(1);
    let listener = listener.batch_endpoint(endpoint).batch(2, LONG).start().await?;
    tell(&transport, 0..5).await?;
    // One batch is being handled, and the rest waits: for the handler, or to fill up.
    gate.entered(1).await;
    let (stopped, ()) = soon(async { tokio::join!(listener.stop(), async { gate.open() }) }).await;
    stopped?;
    let mut batches = journal.rest().await;
    let _next = batched(&transport, &journal, 1, LONG).await?;
    while numbers(&batches).len() < 5 {
        batches.push(journal.next().await);
    }
    let mut numbers = numbers(&batches);
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    Ok(())
}

async fn a_batch_size_of_zero_is_refused(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let endpoint = Batched { journal: Journal::new(), first: Handled::Done, gate: None };
    let listener = NotificationListener::builder(&transport).topic(TOPIC);
    let listener = listener.batch_endpoint(endpoint).batch(0, LONG);
    let error = listener.start().await.expect_err("it would handle nothing");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    Ok(())
}

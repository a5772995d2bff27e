//! Requeueing: what an endpoint gives back comes again, marked as redelivered.

use busway_core::Transport;
use busway_core::notify::{Handled, NotificationListener, Priority, endpoint_fn};
use busway_core::rpc::Failure;
use serde_json::json;

use super::telling::{TOPIC, notifier, noting};
use crate::Harness;
use crate::stage::{Gate, Journal, open, soon};
use crate::suite::{CaseResult, ON_PURPOSE, cases};

cases! {
    [Notifications, Requeue]
    what_is_requeued_comes_again_marked_as_redelivered;
    what_an_endpoint_fails_on_comes_again;
    what_an_endpoint_panics_on_comes_again;
    a_requeue_that_was_not_allowed_counts_as_handled;
    a_requeued_notification_reaches_another_listener;
    what_is_requeued_comes_to_the_same_pool needs Pools;
    what_a_listener_had_not_finished_comes_to_the_next;
}

/// What an endpoint saw: the event, and whether it came before.
type Seen = (String, bool);

fn requeueing(
    transport: &Transport,
    journal: &Journal<Seen>,
    first: impl Fn() -> Result<Handled, Failure> + Clone + Send + Sync + 'static,
) -> busway_core::notify::NotificationListenerBuilder {
    let journal = journal.clone();
    let endpoint = endpoint_fn(Priority::Info, move |notification| {
        journal.write((notification.event_type.clone(), notification.redelivered()));
        let first = first.clone();
        async move { if notification.redelivered() { Ok(Handled::Done) } else { first() } }
    });
    NotificationListener::builder(transport).topic(TOPIC).endpoint(endpoint)
}

fn seen(event_type: &str, redelivered: bool) -> Seen {
    (event_type.to_owned(), redelivered)
}

async fn comes_again(
    harness: &dyn Harness,
    first: impl Fn() -> Result<Handled, Failure> + Clone + Send + Sync + 'static,
) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let listener = requeueing(&transport, &journal, first).allow_requeue(true);
    let _listener = listener.start().await?;
    let notifier = notifier(&transport)?;
    for event_type in ["one", "two"] {
        notifier.info(event_type, json!({})).await?;
        assert_eq!(journal.next().await, seen(event_type, false));
        assert_eq!(journal.next().await, seen(event_type, true));
    }
    assert_eq!(journal.rest().await, []);
    Ok(())
}

async fn what_is_requeued_comes_again_marked_as_redelivered(harness: &dyn Harness) -> CaseResult {
    comes_again(harness, || Ok(Handled::Requeue)).await
}

async fn what_an_endpoint_fails_on_comes_again(harness: &dyn Harness) -> CaseResult {
    comes_again(harness, || Err(Failure::new("Broken", "suite", "as always").expected())).await
}

async fn what_an_endpoint_panics_on_comes_again(harness: &dyn Harness) -> CaseResult {
    comes_again(harness, || panic!("{ON_PURPOSE} an endpoint burst")).await
}

async fn a_requeue_that_was_not_allowed_counts_as_handled(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let listener = requeueing(&transport, &journal, || Ok(Handled::Requeue)).concurrency(1);
    let _listener = listener.start().await?;
    let notifier = notifier(&transport)?;
    for event_type in ["one", "two", "three"] {
        notifier.info(event_type, json!({})).await?;
        assert_eq!(journal.next().await, seen(event_type, false));
    }
    assert_eq!(journal.rest().await, []);
    Ok(())
}

async fn a_requeued_notification_reaches_another_listener(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let (gate, came) = (Gate::shut(), Journal::new());
    let waiting = gate.clone();
    let endpoint = endpoint_fn(Priority::Info, move |_| {
        let gate = waiting.clone();
        async move {
            gate.pass().await;
            Ok(Handled::Requeue)
        }
    });
    let first = NotificationListener::builder(&ours).topic(TOPIC).allow_requeue(true);
    let first = first.endpoint(endpoint).start().await?;
    notifier(&ours)?.info("event", json!({})).await?;
    gate.entered(1).await;
    let _second = noting(&theirs, TOPIC, &came).start().await?;
    let stopping = first.stop();
    let opening = async { gate.open() };
    let (stopped, ()) = soon(async { tokio::join!(stopping, opening) }).await;
    stopped?;
    let notification = came.next().await;
    assert_eq!(notification.event_type, "event");
    assert!(notification.redelivered());
    Ok(())
}

async fn what_is_requeued_comes_to_the_same_pool(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (journal, other) = (Journal::new(), Journal::new());
    let listener = requeueing(&transport, &journal, || Ok(Handled::Requeue)).allow_requeue(true);
    let _listener = listener.pool("first").start().await?;
    let _other = noting(&transport, TOPIC, &other).pool("second").start().await?;
    notifier(&transport)?.info("event", json!({})).await?;
    assert_eq!(journal.next().await, seen("event", false));
    assert_eq!(journal.next().await, seen("event", true));
    assert!(!other.next().await.redelivered());
    assert!(other.rest().await.is_empty());
    Ok(())
}

async fn what_a_listener_had_not_finished_comes_to_the_next(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (gate, came) = (Gate::shut(), Journal::new());
    let waiting = gate.clone();
    let endpoint = endpoint_fn(Priority::Info, move |_| {
        let gate = waiting.clone();
        async move {
            gate.pass().await;
            Ok(Handled::Done)
        }
    });
    let listener = NotificationListener::builder(&transport).topic(TOPIC).endpoint(endpoint);
    let listener = listener.start().await?;
    notifier(&transport)?.info("event", json!({})).await?;
    gate.entered(1).await;
    drop(listener);
    let _next = noting(&transport, TOPIC, &came).start().await?;
    let notification = came.next().await;
    assert_eq!(notification.event_type, "event");
    assert!(notification.redelivered());
    Ok(())
}

//! Notifications: every priority, several topics, and what arrives of them.

use busway_core::notify::{Handled, NotificationListener, Notifier, Priority, endpoint_fn};
use busway_core::rpc::Failure;
use busway_core::{Context, ErrorKind, Limits, Payload};
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::telling::{TOPIC, listen, notifier, notifier_of, noting};
use crate::Harness;
use crate::stage::{Journal, PATIENCE, open, open_with, soon};
use crate::suite::{CaseResult, ON_PURPOSE, cases};

cases! {
    [Notifications]
    a_notification_arrives_with_all_its_fields;
    each_priority_reaches_its_endpoint;
    an_endpoint_gets_only_its_priorities;
    each_topic_of_a_notifier_gets_a_copy;
    a_listener_may_listen_to_several_topics;
    topics_of_notifications_are_apart;
    exchanges_of_notifications_are_apart needs ExchangesApart;
    each_notification_reaches_one_of_the_listeners;
    each_endpoint_gets_the_notification;
    notifications_reach_one_listener_in_order needs Ordering;
    a_notification_nobody_listens_to_is_stored;
    large_and_odd_payloads_arrive;
    a_payload_over_the_limit_does_not_leave;
    an_endpoint_that_fails_leaves_the_listener_listening;
    an_endpoint_that_panics_leaves_the_listener_listening;
    many_notifications_at_once_arrive_once_each;
    a_listener_without_an_endpoint_is_refused;
    what_is_stopped_while_it_waits_comes_to_the_next;
}

async fn a_notification_arrives_with_all_its_fields(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::new();
    let _listener = listen(&theirs, TOPIC, &journal).await?;
    let context = Context::new().with("user", "žlutý").with("n", 1).with_traceparent("00-a-b-01");
    let payload = json!({ "order": 7, "nothing": null, "text": "🐎" });
    let told = notifier(&ours)?.prepare().context(context.clone());
    told.publisher_id("shop.host").notify(Priority::Warn, "order.created", &payload).await?;

    let came = journal.next().await;
    assert_eq!(came.event_type, "order.created");
    assert_eq!(came.publisher_id, "shop.host");
    assert_eq!(came.priority, Priority::Warn);
    assert_eq!(came.payload.to::<Value>()?, payload);
    assert_eq!(came.context.values(), context.values());
    assert_eq!(came.message_id.len(), 36, "a UUID: {}", came.message_id);
    assert_eq!(came.timestamp.len(), "2026-11-22 00:57:16.851438".len(), "{}", came.timestamp);
    assert!(!came.redelivered());
    Ok(())
}

async fn each_priority_reaches_its_endpoint(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _listener = listen(&transport, TOPIC, &journal).await?;
    let notifier = notifier(&transport)?;
    for priority in Priority::ALL {
        notifier.notify(priority, priority.as_str(), json!({})).await?;
        let came = journal.next().await;
        assert_eq!(came.priority, priority);
        assert_eq!(came.event_type, priority.as_str());
    }
    Ok(())
}

async fn an_endpoint_gets_only_its_priorities(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let endpoint = |priorities: &[Priority], name: &'static str| {
        let journal = journal.clone();
        endpoint_fn(priorities, move |notification| {
            journal.write((name, notification.event_type.clone()));
            async { Ok(Handled::Done) }
        })
    };
    let listener = NotificationListener::builder(&transport).topic(TOPIC).concurrency(1);
    let _listener = listener
        .endpoint(endpoint(&[Priority::Error, Priority::Critical], "loud"))
        .endpoint(endpoint(&[Priority::Info], "quiet"))
        .start()
        .await?;
    let notifier = notifier(&transport)?;
    for (priority, name) in
        [(Priority::Error, "loud"), (Priority::Info, "quiet"), (Priority::Critical, "loud")]
    {
        notifier.debug("nobody's", json!({})).await?;
        notifier.notify(priority, "somebody's", json!({})).await?;
        assert_eq!(journal.next().await, (name, "somebody's".to_owned()));
    }
    assert!(journal.rest().await.is_empty());
    Ok(())
}

async fn each_topic_of_a_notifier_gets_a_copy(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (first, second) = (Journal::new(), Journal::new());
    let _first = listen(&transport, "first", &first).await?;
    let _second = listen(&transport, "second", &second).await?;
    notifier_of(&transport, &["first", "second"])?.info("event", json!({})).await?;
    let (one, two) = (first.next().await, second.next().await);
    assert_eq!(one.message_id, two.message_id);
    Ok(())
}

async fn a_listener_may_listen_to_several_topics(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _listener = noting(&transport, "first", &journal).topic("second").start().await?;
    for topic in ["first", "second", "first"] {
        notifier_of(&transport, &[topic])?.info(topic, json!({})).await?;
        assert_eq!(journal.next().await.event_type, topic);
    }
    Ok(())
}

async fn topics_of_notifications_are_apart(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let (first, second) = (Journal::new(), Journal::new());
    let _first = listen(&transport, "first", &first).await?;
    let _second = listen(&transport, "second", &second).await?;
    // Not in turn: were the topics one, their listeners might be.
    for to_first in [true, true, false, false, true] {
        let (topic, here, there) =
            if to_first { ("first", &first, &second) } else { ("second", &second, &first) };
        notifier_of(&transport, &[topic])?.info(topic, json!({})).await?;
        assert_eq!(here.next().await.event_type, topic);
        assert!(there.rest().await.is_empty());
    }
    Ok(())
}

async fn exchanges_of_notifications_are_apart(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let target = busway_core::Target::new(TOPIC).with_exchange("elsewhere");
    let written = journal.clone();
    let endpoint = endpoint_fn(Priority::Info, move |notification| {
        written.write(notification.event_type.clone());
        async { Ok(Handled::Done) }
    });
    let listener = NotificationListener::builder(&transport).target(target).endpoint(endpoint);
    let _listener = listener.start().await?;
    notifier(&transport)?.info("here", json!({})).await?;
    let there = Notifier::builder(&transport).publisher_id("suite").topics([TOPIC]);
    let there = there.exchange("elsewhere");
    there.timeout(PATIENCE).build()?.info("there", json!({})).await?;
    assert_eq!(journal.next().await, "there");
    Ok(())
}

async fn each_notification_reaches_one_of_the_listeners(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let (first, second) = (Journal::new(), Journal::new());
    let _first = listen(&ours, TOPIC, &first).await?;
    let _second = listen(&theirs, TOPIC, &second).await?;
    let notifier = notifier(&ours)?;
    let mut came = Vec::new();
    for _ in 0..40 {
        notifier.info("event", json!({})).await?;
        came.push(tokio::select! {
            notification = first.next() => (1, notification.message_id.clone()),
            notification = second.next() => (2, notification.message_id.clone()),
        });
    }
    assert!(first.rest().await.is_empty() && second.rest().await.is_empty(), "more than one copy");
    let of_first = came.iter().filter(|(which, _)| *which == 1).count();
    assert!((10..=30).contains(&of_first), "the first got {of_first} of 40");
    Ok(())
}

async fn each_endpoint_gets_the_notification(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let endpoint = |name: &'static str| {
        let journal = journal.clone();
        endpoint_fn(Priority::Info, move |_| {
            journal.write(name);
            async { Ok(Handled::Done) }
        })
    };
    let listener = NotificationListener::builder(&transport).topic(TOPIC);
    let listener = listener.endpoint(endpoint("first")).endpoint(endpoint("second"));
    let _listener = listener.start().await?;
    notifier(&transport)?.info("event", json!({})).await?;
    assert_eq!(journal.take(2).await, ["first", "second"]);
    Ok(())
}

async fn notifications_reach_one_listener_in_order(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::new();
    let _listener = noting(&theirs, TOPIC, &journal).concurrency(1).start().await?;
    let notifier = notifier(&ours)?;
    for n in 0..100 {
        notifier.info("event", json!(n)).await?;
    }
    for (n, came) in journal.take(100).await.into_iter().enumerate() {
        assert_eq!(came.payload.to::<usize>()?, n);
    }
    Ok(())
}

async fn a_notification_nobody_listens_to_is_stored(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let notifier = notifier(&transport)?;
    soon(notifier.info("stored", json!({}))).await?;
    soon(notifier.error("stored, too", json!({}))).await?;
    let journal = Journal::new();
    let _listener = listen(&transport, TOPIC, &journal).await?;
    let mut came = journal.take(2).await;
    came.sort_by_key(|notification| notification.priority);
    assert_eq!(came[0].event_type, "stored");
    assert_eq!(came[1].event_type, "stored, too");
    Ok(())
}

async fn large_and_odd_payloads_arrive(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let _listener = listen(&transport, TOPIC, &journal).await?;
    let notifier = notifier(&transport)?;
    let payloads = [
        "null".to_owned(),
        "\"\"".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "[1.0,1,9007199254740993,18446744073709551615]".to_owned(),
        r#"{"":1,"event_type":2,"oslo.message":"x","žlutý":"🐎"}"#.to_owned(),
        format!("\"{}\"", "x".repeat(1 << 20)),
    ];
    for json in payloads {
        notifier.info("event", Payload::from_json(json.clone(), &Limits::default())?).await?;
        let came = journal.next().await;
        assert!(
            came.payload.as_json() == json,
            "{json:.80} came as {:.80}",
            came.payload.as_json()
        );
    }
    Ok(())
}

async fn a_payload_over_the_limit_does_not_leave(harness: &dyn Harness) -> CaseResult {
    let transport = open_with(harness, &[("max_body_size", "100000")]).await?;
    let journal = Journal::new();
    let _listener = listen(&transport, TOPIC, &journal).await?;
    let notifier = notifier(&transport)?;
    let large = "x".repeat(transport.config().limits().max_size);
    let error = notifier.info("large", large).await.expect_err("over the limit");
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    notifier.info("small", json!({})).await?;
    assert_eq!(journal.next().await.event_type, "small");
    Ok(())
}

/// Each of three notifications comes once, to an endpoint that does this with it at first.
async fn goes_on_after(
    harness: &dyn Harness,
    first: impl Fn() -> Result<Handled, Failure> + Clone + Send + Sync + 'static,
) -> CaseResult {
    let transport = open(harness).await?;
    let journal = Journal::new();
    let written = journal.clone();
    let endpoint = endpoint_fn(Priority::Info, move |notification| {
        written.write(notification.event_type.clone());
        let first = first.clone();
        async move { if notification.event_type == "bad" { first() } else { Ok(Handled::Done) } }
    });
    let listener = NotificationListener::builder(&transport).topic(TOPIC).concurrency(1);
    let _listener = listener.endpoint(endpoint).start().await?;
    let notifier = notifier(&transport)?;
    for event_type in ["bad", "good", "better"] {
        notifier.info(event_type, json!({})).await?;
    }
    let mut came = journal.take(3).await;
    came.sort();
    assert_eq!(came, ["bad", "better", "good"]);
    assert!(journal.rest().await.is_empty(), "without requeueing, it counts as handled");
    Ok(())
}

async fn an_endpoint_that_fails_leaves_the_listener_listening(harness: &dyn Harness) -> CaseResult {
    goes_on_after(harness, || Err(Failure::new("Broken", "suite", "as always").expected())).await
}

async fn an_endpoint_that_panics_leaves_the_listener_listening(
    harness: &dyn Harness,
) -> CaseResult {
    goes_on_after(harness, || panic!("{ON_PURPOSE} an endpoint burst")).await
}

async fn many_notifications_at_once_arrive_once_each(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let journal = Journal::new();
    let _listener = listen(&theirs, TOPIC, &journal).await?;
    let notifier = notifier(&ours)?;
    try_join_all((0..200).map(|n| notifier.info("event", json!(n)))).await?;
    notifier.info("last", json!(200)).await?;
    let mut came = Vec::new();
    for notification in journal.take(201).await {
        came.push(notification.payload.to::<u64>()?);
    }
    came.sort_unstable();
    assert_eq!(came, (0..=200).collect::<Vec<_>>());
    assert!(journal.rest().await.is_empty(), "a copy came twice");
    Ok(())
}

async fn a_listener_without_an_endpoint_is_refused(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let listener = NotificationListener::builder(&transport).topic(TOPIC);
    let error = listener.start().await.expect_err("it would handle nothing");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    Ok(())
}

async fn what_is_stopped_while_it_waits_comes_to_the_next(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let notifier = notifier(&transport)?;
    let journal = Journal::new();
    for round in 0..3 {
        let listener = listen(&transport, TOPIC, &journal).await?;
        notifier.info("heard", json!(round)).await?;
        assert_eq!(journal.next().await.payload.to::<u64>()?, round);
        soon(listener.stop()).await?;
        notifier.info("missed", json!(round)).await?;
        let listener = listen(&transport, TOPIC, &journal).await?;
        assert_eq!(journal.next().await.event_type, "missed");
        soon(listener.stop()).await?;
    }
    Ok(())
}

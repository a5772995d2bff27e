//! What a notifier does with its sinks.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{ALL, Bus, Marking};
use busway_core::driver::{Capabilities, Envelope, Retry};
use busway_core::notify::{
    Notification, Notifier, NotifierBuilder, Priority, Sink, SinkFailures, SinkOptions, TestSink,
};
use busway_core::{Config, Context, ErrorKind, Result, async_trait};
use serde_json::json;
use tokio::time::Instant;

fn builder(bus: &Bus) -> NotifierBuilder {
    Notifier::builder(&bus.transport).publisher_id("shop.host-1")
}

#[derive(Debug)]
struct Stuck;

#[async_trait]
impl Sink for Stuck {
    async fn send(&self, _: &Notification, _: &SinkOptions) -> Result<()> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_notification_carries_the_fields_of_oslo_messaging_to_every_topic() {
    let bus = Bus::new();
    let notifier = builder(&bus).topics(["a", "b"]).exchange("x").build().expect("a notifier");
    notifier.warn("order.late", json!({ "id": 7 })).await.expect("sent");

    let sent = bus.sent();
    let topics: Vec<_> = sent.iter().map(|sent| sent.target.topic()).collect();
    assert_eq!(topics, [Some("a"), Some("b")]);
    let first = &sent[0];
    assert_eq!(first.target.exchange(), Some("x"));
    assert_eq!(first.notification.publisher_id, "shop.host-1");
    assert_eq!(first.notification.event_type, "order.late");
    assert_eq!(first.notification.priority, Priority::Warn);
    assert_eq!(first.notification.payload.as_json(), r#"{"id":7}"#);
    assert_eq!(first.notification.message_id, sent[1].notification.message_id);
    assert_eq!(first.notification.message_id.len(), 36);
    assert_eq!(first.options.envelope, Envelope::V2);
    assert_eq!(first.options.retry, None, "the bus knows");
    assert_eq!(first.options.deadline, Instant::now() + Duration::from_secs(30));
}

#[tokio::test]
async fn each_method_has_its_priority() {
    let bus = Bus::new();
    let notifier = Notifier::new(&bus.transport, "p").expect("a notifier");
    notifier.audit("e", ()).await.expect("sent");
    notifier.debug("e", ()).await.expect("sent");
    notifier.info("e", ()).await.expect("sent");
    notifier.warn("e", ()).await.expect("sent");
    notifier.error("e", ()).await.expect("sent");
    notifier.critical("e", ()).await.expect("sent");
    notifier.prepare().sample("e", ()).await.expect("sent");
    let priorities: Vec<_> = bus.sent().iter().map(|sent| sent.notification.priority).collect();
    assert_eq!(priorities, Priority::ALL);
    assert_eq!(bus.sent()[0].target.topic(), Some("notifications"));
}

#[tokio::test(start_paused = true)]
async fn what_is_prepared_is_for_one_notification() {
    let bus = Bus::new();
    let notifier = builder(&bus)
        .context(Context::new().with("common", 1))
        .context_serializer(Arc::new(Marking("sent")))
        .sinks(["messaging"])
        .build()
        .expect("a notifier");
    let prepared = notifier
        .prepare()
        .publisher_id("other")
        .context(Context::new().with("own", 2))
        .retry(Retry::NEVER)
        .timeout(Duration::MAX);
    prepared.info("e", ()).await.expect("sent");
    notifier.with_publisher("third").info("e", ()).await.expect("sent");
    notifier.info("e", ()).await.expect("sent");

    let sent = bus.sent();
    let publishers: Vec<_> = sent.iter().map(|sent| &*sent.notification.publisher_id).collect();
    assert_eq!(publishers, ["other", "third", "shop.host-1"]);
    assert_eq!(sent[0].options.retry, Some(Retry::NEVER));
    assert_eq!(sent[0].options.envelope, Envelope::V1);
    assert_eq!(sent[0].notification.context, Context::new().with("own", 2).with("sent", true));
    assert_eq!(sent[2].notification.context, Context::new().with("common", 1).with("sent", true));
}

#[tokio::test]
async fn what_the_builder_does_not_say_comes_from_the_configuration() {
    const SECTION: &str = "oslo_messaging_notifications";
    let config = Config::builder()
        .set(SECTION, "driver", json!(["messaging", "", "test"]))
        .set(SECTION, "topics", json!(["a", "b"]))
        .set(SECTION, "retry", 3)
        .build()
        .expect("a configuration");
    let bus = Bus::configured(ALL, config);
    let notifier = Notifier::new(&bus.transport, "shop").expect("a notifier");
    notifier.info("e", ()).await.expect("sent");
    assert_eq!(notifier.sinks().collect::<Vec<_>>(), ["messaging", "test"]);
    assert_eq!(notifier.test_sink().take().len(), 1);
    let sent = bus.sent();
    let topics: Vec<_> = sent.iter().map(|sent| sent.target.topic()).collect();
    assert_eq!(topics, [Some("a"), Some("b")]);
    assert_eq!(sent[0].options.retry, Some(Retry::Times(3)));
    assert_eq!(sent[0].options.envelope, Envelope::V1);

    let notifier = builder(&bus).sinks([""; 0]).topics(["c"]).retry(Retry::NEVER).build();
    notifier.expect("a notifier").info("e", ()).await.expect("sent nowhere");
    assert_eq!(bus.sent().len(), 2);
}

#[tokio::test]
async fn an_unknown_sink_is_answered_with_those_there_are() {
    let bus = Bus::new();
    let error = builder(&bus).sinks(["massaging"]).build().expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let names = "log, messaging, messagingv2, noop, routing, test";
    assert_eq!(error.message(), format!("unknown sink 'massaging': there are {names}"));
}

#[tokio::test]
async fn a_sink_that_cannot_work_is_refused_at_once() {
    let bus = Bus::new();
    let no_topics = builder(&bus).topics([""; 0]).build().expect_err("no topics");
    assert_eq!(no_topics.kind(), ErrorKind::Configuration);
    let no_rules = builder(&bus).sinks(["routing"]).build().expect_err("no rules");
    assert_eq!(no_rules.kind(), ErrorKind::Configuration);
    let bus = Bus::with(Capabilities::NONE);
    let no_notifications = builder(&bus).build().expect_err("no notifications");
    assert_eq!(no_notifications.kind(), ErrorKind::Unsupported);
    builder(&bus).sinks(["log"]).build().expect("the log needs no bus");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_any_sink() {
    let bus = Bus::new();
    let notifier = builder(&bus).sinks(["test"]).build().expect("a notifier");
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let mut not_json = std::collections::HashMap::new();
    not_json.insert((1, 2), 3);
    let refused = [
        (notifier.info("", ()).await, ErrorKind::InvalidArgument),
        (notifier.with_publisher("").info("e", ()).await, ErrorKind::InvalidArgument),
        (notifier.info("e", deep).await, ErrorKind::LimitExceeded),
        (notifier.info("e", not_json).await, ErrorKind::Serialization),
    ];
    for (result, kind) in refused {
        let error = result.expect_err("refused");
        assert_eq!((error.kind(), error.operation()), (kind, Some("notify")));
    }
    assert!(notifier.test_sink().notifications().is_empty());
}

#[tokio::test]
async fn the_failure_of_the_only_sink_keeps_its_kind() {
    let bus = Bus::new();
    bus.fail("notifications", ErrorKind::Connection);
    let notifier = builder(&bus).build().expect("a notifier");
    let error = notifier.info("order.late", ()).await.expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.is_retryable());
    assert_eq!(error.get("topic"), Some("notifications"));
    assert_eq!(error.get("event_type"), Some("order.late"));
}

#[tokio::test(start_paused = true)]
async fn among_several_sinks_the_others_have_it_and_the_error_names_those_that_failed() {
    let bus = Bus::new();
    bus.fail("b", ErrorKind::Connection);
    let sink = TestSink::new();
    let notifier = builder(&bus)
        .register("stuck", Stuck)
        .register("test", sink.clone())
        .topics(["a", "b"])
        .sinks(["stuck", "messagingv2", "test"])
        .timeout(Duration::from_secs(5))
        .build()
        .expect("a notifier");
    let started = Instant::now();
    let error = notifier.info("e", ()).await.expect_err("failed");
    assert_eq!(started.elapsed(), Duration::from_secs(5));
    assert_eq!(error.kind(), ErrorKind::Sink);
    assert_eq!(error.message(), "2 of 3 sinks failed: stuck, messagingv2");
    let failures = error.source().and_then(|source| source.downcast_ref::<SinkFailures>());
    let failures: Vec<_> = failures.expect("failures").iter().collect();
    assert_eq!(failures[0].1.kind(), ErrorKind::Timeout);
    // Of the sink's two topics one failed, too.
    assert_eq!(failures[1].1.kind(), ErrorKind::Sink);
    assert_eq!(failures[1].1.message(), "1 of 2 topics failed: b");
    assert_eq!(bus.sent().len(), 1);
    assert_eq!(sink.take().len(), 1);
    assert!(sink.take().is_empty());
}

#[tokio::test]
async fn rules_choose_among_all_sinks_even_ones_own() {
    let bus = Bus::new();
    let folder = tempfile::tempdir().expect("a folder");
    let rules = folder.path().join("rules.yaml");
    let text = "
        group:
          test: { accepted_events: ['order.*'] }
          mine: { accepted_priorities: [error], rejected_events: ['*.quiet'] }
        ";
    std::fs::write(&rules, text).expect("a file");
    let mine = TestSink::new();
    let notifier = builder(&bus)
        .register("mine", mine.clone())
        .sinks(["routing"])
        .routing_config(&rules)
        .build()
        .expect("a notifier");
    notifier.info("order.created", ()).await.expect("sent");
    notifier.error("stock.empty", ()).await.expect("sent");
    notifier.error("order.quiet", ()).await.expect("sent");
    let events = |sink: &TestSink| {
        sink.take().into_iter().map(|notification| notification.event_type).collect::<Vec<_>>()
    };
    assert_eq!(events(notifier.test_sink()), ["order.created", "order.quiet"]);
    assert_eq!(events(&mine), ["stock.empty"]);
    assert!(bus.sent().is_empty());
}

#[tokio::test]
async fn a_closed_transport_sends_nothing() {
    let bus = Bus::new();
    let notifier = builder(&bus).build().expect("a notifier");
    bus.transport.close().await.expect("closed");
    assert_eq!(notifier.info("e", ()).await.expect_err("closed").kind(), ErrorKind::Closed);
}

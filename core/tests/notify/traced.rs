//! What the log and the spans tell.

use std::io::Write;
use std::sync::Arc;

use busway_core::notify::{Handled, NotificationListener, Notifier, Priority, endpoint_fn};
use busway_core::rpc::Failure;
use busway_core::{Context, Notification, Payload};
use parking_lot::Mutex;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::Bus;

/// The log of this thread, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// The first line with this in it.
    fn line(&self, part: &str) -> String {
        let log = String::from_utf8_lossy(&self.0.lock()).into_owned();
        let line = log.lines().find(|line| line.contains(part));
        line.unwrap_or_else(|| panic!("no '{part}' in:\n{log}")).to_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn assert_all(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "no '{part}' in: {line}");
    }
}

#[tokio::test]
async fn the_sink_log_writes_the_notification_at_its_level() {
    let (log, _guard) = Log::start();
    let bus = Bus::new();
    let builder = Notifier::builder(&bus.transport).publisher_id("shop").sinks(["log"]);
    let notifier = builder.build().expect("a notifier");
    for (priority, level) in [
        (Priority::Critical, "ERROR"),
        (Priority::Error, "ERROR"),
        (Priority::Warn, " WARN"),
        (Priority::Audit, " INFO"),
        (Priority::Info, " INFO"),
        (Priority::Sample, "DEBUG"),
        (Priority::Debug, "DEBUG"),
    ] {
        let payload = json!({ "id": 7, "password": "hunter2" });
        notifier.notify(priority, &format!("order.{priority}"), payload).await.expect("logged");
        let line = log.line(&format!("order.{priority}"));
        assert_all(&line, &[level, " oslo.messaging.notification: ", r#""id":7"#]);
        assert_all(&line, &[&format!(r#""priority":"{}""#, priority.as_wire())]);
        assert!(!line.contains("hunter2"), "{line}");
    }
}

#[tokio::test]
async fn spans_have_the_names_of_opentelemetry() {
    let (log, _guard) = Log::start();
    let mut bus = Bus::new();
    let endpoint = endpoint_fn(Priority::Info, |_| async {
        tracing::info!("handled");
        Err::<Handled, _>(Failure::new("Boom", "tests", "as the test wanted"))
    });
    let builder = NotificationListener::builder(&bus.transport).topic("t").endpoint(endpoint);
    let _listener = builder.start().await.expect("a listener");
    let context = Context::new().with_traceparent("00-aa-bb-01");
    let arriving = Notification::new("shop", "order.late", Priority::Info, Payload::null());
    let id = arriving.message_id.clone();
    bus.arrive(arriving.with_context(context));
    bus.settled().await;

    let span = [
        "process{otel.kind=\"consumer\"",
        "messaging.system=\"held\"",
        "messaging.operation.name=\"process\"",
        "messaging.destination.name=\"t\"",
        &format!("messaging.message.id=\"{id}\""),
        "traceparent=\"00-aa-bb-01\"",
    ];
    assert_all(&log.line("handled"), &span);
    assert_all(&log.line("an endpoint failed"), &["ERROR", "error.type=\"Boom\""]);
}

#[tokio::test]
async fn a_send_that_fails_says_so_in_its_span() {
    let (log, _guard) = Log::start();
    let bus = Bus::new();
    bus.fail("notifications", busway_core::ErrorKind::Connection);
    let notifier = Notifier::new(&bus.transport, "shop").expect("a notifier");
    notifier.info("order.late", ()).await.expect_err("failed");
    let span = [
        "send{otel.kind=\"producer\"",
        "messaging.operation.type=\"send\"",
        "messaging.destination.name=\"notifications\"",
        "event_type=\"order.late\"",
        "error.type=\"connection\"",
    ];
    assert_all(&log.line("failed"), &span);
}

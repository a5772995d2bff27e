//! Spans with the field names of OpenTelemetry's messaging conventions.

use tracing::Span;
use tracing::field::Empty;

use super::Notification;

/// The span of a notification that is sent to a topic.
pub(super) fn send_span(system: &str, topic: &str, notification: &Notification) -> Span {
    tracing::info_span!(
        "send",
        otel.kind = "producer",
        messaging.system = system,
        messaging.operation.name = "notify",
        messaging.operation.type = "send",
        messaging.destination.name = topic,
        messaging.message.id = notification.message_id,
        event_type = notification.event_type,
        priority = notification.priority.as_str(),
        traceparent = notification.context.traceparent(),
        error.type = Empty,
    )
}

/// The span of one notification that is handled.
pub(super) fn process_span(system: &str, topics: &str, notification: &Notification) -> Span {
    tracing::info_span!(
        "process",
        otel.kind = "consumer",
        messaging.system = system,
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.destination.name = topics,
        messaging.message.id = notification.message_id,
        event_type = notification.event_type,
        priority = notification.priority.as_str(),
        traceparent = notification.context.traceparent(),
        error.type = Empty,
    )
}

/// The span of a batch that is handled.
pub(super) fn batch_span(system: &str, topics: &str, count: usize) -> Span {
    tracing::info_span!(
        "process",
        otel.kind = "consumer",
        messaging.system = system,
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.destination.name = topics,
        messaging.batch.message_count = count,
        error.type = Empty,
    )
}

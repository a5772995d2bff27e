//! Spans with the field names of OpenTelemetry's messaging conventions.

use tracing::Span;
use tracing::field::Empty;

use crate::Target;
use crate::driver::Request;

/// The span of a call or a cast.
pub(super) fn send_span(system: &str, operation: &str, target: &Target, request: &Request) -> Span {
    tracing::info_span!(
        "send",
        otel.kind = if operation == "call" { "client" } else { "producer" },
        messaging.system = system,
        messaging.operation.name = operation,
        messaging.operation.type = "send",
        messaging.destination.name = target.topic(),
        rpc.method = &*request.method,
        server.address = target.server(),
        error.type = Empty,
    )
}

/// The span of a request that is handled.
pub(super) fn process_span(system: &str, topic: &str, request: &Request) -> Span {
    tracing::info_span!(
        "process",
        otel.kind = "server",
        messaging.system = system,
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.destination.name = topic,
        rpc.method = &*request.method,
        traceparent = request.context.traceparent(),
        error.type = Empty,
    )
}

//! Spans with the field names of OpenTelemetry's messaging conventions.

use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::driver::Request;
use crate::{Error, Result, Target};

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

/// Runs a send in its span; without anybody who traces, without one.
pub(super) async fn sending<T>(span: &Span, running: impl Future<Output = Result<T>>) -> Result<T> {
    if span.is_disabled() {
        return running.await;
    }
    let result = Box::pin(running.instrument(span.clone())).await;
    record(span, &result);
    result
}

/// Records how a send ended in its span.
fn record<T>(span: &Span, result: &Result<T>) {
    if let Err(error) = result {
        span.record("error.type", error_type(error));
        tracing::debug!(parent: span, %error, "failed");
    }
}

fn error_type(error: &Error) -> &str {
    error.remote().map_or(error.kind().as_str(), |remote| remote.class.as_str())
}

//! What is done in the span of a send.

use tracing::{Instrument, Span};

use crate::{Error, Result};

/// Runs a send in its span, which records how it ends; without anybody who traces, without one.
pub(crate) async fn sending<T>(span: &Span, running: impl Future<Output = Result<T>>) -> Result<T> {
    if span.is_disabled() {
        return running.await;
    }
    // Boxed, so that the tasks of those who do not trace stay small.
    let result = Box::pin(running.instrument(span.clone())).await;
    if let Err(error) = &result {
        span.record("error.type", error_type(error));
        tracing::debug!(parent: span, %error, "failed");
    }
    result
}

fn error_type(error: &Error) -> &str {
    error.remote().map_or(error.kind().as_str(), |remote| remote.class.as_str())
}

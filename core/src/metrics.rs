//! Counts and times through the `metrics` facade, with the feature `metrics`; nothing without it.
//!
//! | metric | kind | labels |
//! |---|---|---|
//! | `busway.started` | counter | `system`, `operation` |
//! | `busway.succeeded` | counter | `system`, `operation` |
//! | `busway.failed` | counter | `system`, `operation`, `kind` |
//! | `busway.in_flight` | gauge | `system`, `operation` |
//! | `busway.duration` | histogram, seconds | `system`, `operation` |
//! | `busway.reconnects` | counter | |
//! | `busway.dropped` | counter | `system`, `reason` |
//!
//! `system` is the driver's name; `operation` is `call`, `cast`, `notify` or `process`; `kind` is
//! that of the error, the class of a handler's failure, or `cancelled` for a future that was
//! dropped. `reason` is why a message that came was handed to nobody: `unreadable`, or
//! `unexpected` for a reply that no call waits for.

#[cfg(feature = "metrics")]
use crate::Result;

/// Runs an operation and counts how it goes.
#[cfg(not(feature = "metrics"))]
pub(crate) fn measure<F: Future>(_operation: &'static str, _system: &'static str, running: F) -> F {
    running
}

/// Runs an operation and counts how it goes.
#[cfg(feature = "metrics")]
pub(crate) async fn measure<T, E: counted::FailureKind>(
    operation: &'static str,
    system: &'static str,
    running: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut measured = counted::Measured::start(operation, system);
    let result = running.await;
    measured.end(result.as_ref().err().map(counted::FailureKind::kind));
    result
}

/// Counts an attempt to connect again.
pub(crate) fn reconnecting() {
    #[cfg(feature = "metrics")]
    metrics::counter!("busway.reconnects").increment(1);
}

/// Counts a message that came and was handed to nobody, for drivers.
///
/// ```
/// busway_core::metrics::dropped("a driver of an example", "unreadable");
/// ```
pub fn dropped(system: &'static str, reason: &'static str) {
    #[cfg(feature = "metrics")]
    metrics::counter!("busway.dropped", "system" => system, "reason" => reason).increment(1);
    #[cfg(not(feature = "metrics"))]
    let _ = (system, reason);
}

#[cfg(feature = "metrics")]
mod counted {
    use std::time::Instant;

    use crate::{Error, RemoteError};

    /// What a failure is called in the label `kind`.
    pub(crate) trait FailureKind {
        fn kind(&self) -> String;
    }

    impl FailureKind for Error {
        fn kind(&self) -> String {
            Error::kind(self).as_str().to_owned()
        }
    }

    impl FailureKind for RemoteError {
        fn kind(&self) -> String {
            self.class.clone()
        }
    }

    /// An operation under way; dropped without an end, it was cancelled.
    pub(super) struct Measured {
        labels: [(&'static str, &'static str); 2],
        since: Instant,
        ended: bool,
    }

    impl Measured {
        pub(super) fn start(operation: &'static str, system: &'static str) -> Self {
            let labels = [("system", system), ("operation", operation)];
            metrics::counter!("busway.started", &labels).increment(1);
            metrics::gauge!("busway.in_flight", &labels).increment(1.0);
            Self { labels, since: Instant::now(), ended: false }
        }

        pub(super) fn end(&mut self, failure: Option<String>) {
            self.ended = true;
            let [system, operation] = self.labels;
            metrics::gauge!("busway.in_flight", &self.labels).decrement(1.0);
            metrics::histogram!("busway.duration", &self.labels).record(self.since.elapsed());
            match failure {
                None => metrics::counter!("busway.succeeded", &self.labels).increment(1),
                Some(kind) => metrics::counter!(
                    "busway.failed",
                    system.0 => system.1,
                    operation.0 => operation.1,
                    "kind" => kind
                )
                .increment(1),
            }
        }
    }

    impl Drop for Measured {
        fn drop(&mut self) {
            if !self.ended {
                self.end(Some("cancelled".to_owned()));
            }
        }
    }
}

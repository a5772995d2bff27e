use std::fmt;

use tokio::time::Instant;

use crate::{Error, ErrorKind, Result};

/// Which of several sinks (or of one sink's several topics) failed, and why: the source of an
/// error of the kind [`ErrorKind::Sink`].
///
/// ```
/// use busway_core::Error;
/// use busway_core::notify::SinkFailures;
/// use std::error::Error as _;
///
/// fn failed_sinks(error: &Error) -> Vec<&str> {
///     let failures = error.source().and_then(|source| source.downcast_ref::<SinkFailures>());
///     failures.into_iter().flat_map(SinkFailures::iter).map(|(name, _)| name).collect()
/// }
/// ```
#[derive(Debug)]
pub struct SinkFailures(Vec<(String, Error)>);

impl SinkFailures {
    /// The name of each sink that failed, with its error.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Error)> {
        self.0.iter().map(|(name, error)| (name.as_str(), error))
    }
}

impl fmt::Display for SinkFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, error)) in self.0.iter().enumerate() {
            write!(f, "{}{name}: {error}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for SinkFailures {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.first().map(|(_, error)| error as _)
    }
}

/// The outcomes of what was tried side by side.
pub(in crate::notify) struct Attempts {
    what: &'static str,
    count: usize,
    failures: Vec<(String, Error)>,
}

impl Attempts {
    pub(in crate::notify) fn new(what: &'static str) -> Self {
        Self { what, count: 0, failures: Vec::new() }
    }

    pub(in crate::notify) fn add(&mut self, name: &str, result: Result<()>) {
        self.count += 1;
        if let Err(error) = result {
            self.failures.push((name.to_owned(), error));
        }
    }

    /// What a single attempt came to, as it is; for several, one error that has all failures.
    pub(in crate::notify) fn into_result(mut self) -> Result<()> {
        if self.failures.is_empty() {
            return Ok(());
        }
        if self.count == 1
            && let Some((_, error)) = self.failures.pop()
        {
            return Err(error);
        }
        let names: Vec<_> = self.failures.iter().map(|(name, _)| name.as_str()).collect();
        let (failed, count, what) = (names.len(), self.count, self.what);
        let message = format!("{failed} of {count} {what} failed: {}", names.join(", "));
        Err(Error::new(ErrorKind::Sink, message).because(SinkFailures(self.failures)))
    }
}

/// Cuts a sink off at the deadline.
pub(in crate::notify) async fn timed_out(
    deadline: Instant,
    send: impl Future<Output = Result<()>>,
) -> Result<()> {
    tokio::time::timeout_at(deadline, send).await.unwrap_or_else(|_| {
        let message = "the notification was not taken within the deadline";
        Err(Error::new(ErrorKind::Timeout, message))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    fn timeout() -> Result<()> {
        Err(Error::new(ErrorKind::Timeout, "late"))
    }

    #[test]
    fn a_single_failure_keeps_its_kind() {
        let mut attempts = Attempts::new("sinks");
        attempts.add("log", timeout());
        assert_eq!(attempts.into_result().expect_err("failed").kind(), ErrorKind::Timeout);
    }

    #[test]
    fn among_several_the_error_names_those_that_failed_and_has_their_errors() {
        let mut attempts = Attempts::new("sinks");
        attempts.add("log", Ok(()));
        attempts.add("a", timeout());
        attempts.add("b", timeout());
        let error = attempts.into_result().expect_err("failed");
        assert_eq!(error.kind(), ErrorKind::Sink);
        assert_eq!(error.message(), "2 of 3 sinks failed: a, b");
        let source = error.source().expect("a source");
        let failures = source.downcast_ref::<SinkFailures>().expect("failures");
        let failures: Vec<_> = failures.iter().map(|(name, error)| (name, error.kind())).collect();
        assert_eq!(failures, [("a", ErrorKind::Timeout), ("b", ErrorKind::Timeout)]);
    }
}

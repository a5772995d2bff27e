//! How often a message is sent, and what follows a failure.

use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::{Error, ErrorKind, Result};
use tokio::time::Instant;

use crate::link::Verdict;

/// The transmissions of one message.
#[derive(Debug)]
pub(crate) struct Attempts {
    retry: Retry,
    pause: Duration,
    deadline: Instant,
    count: u32,
    /// Whether it may be sent again when nobody knows what became of it.
    doubtless: bool,
}

impl Attempts {
    /// With `doubtless`, a message in doubt is not sent again: it may run, or may have run.
    pub(crate) fn new(retry: Retry, pause: Duration, deadline: Instant, doubtless: bool) -> Self {
        Self { retry, pause, deadline, count: 0, doubtless }
    }

    /// `true` when the message has arrived; `false`, after a pause, when it is to be sent again.
    ///
    /// # Errors
    /// Why it is not sent again.
    pub(crate) async fn after(&mut self, verdict: Verdict) -> Result<bool> {
        self.count += 1;
        let error = match verdict {
            Verdict::Accepted => return Ok(true),
            Verdict::InDoubt(why) if self.doubtless || self.retry.is_never() => {
                let message = format!(
                    "the connection was lost after the message may have left: {}",
                    why.message()
                );
                return Err(Error::new(ErrorKind::InDoubt, message).because(why));
            }
            Verdict::InDoubt(error) | Verdict::Returned(error) | Verdict::Refused(error) => error,
        };
        let next = Instant::now() + self.pause;
        let again = self.retry.allows(self.count) && error.is_retryable();
        if !again || next >= self.deadline {
            return Err(error);
        }
        tokio::time::sleep_until(next).await;
        Ok(false)
    }
}

//! How often a message is sent, and what follows a failure.

use std::pin::pin;
use std::time::Duration;

use busway_core::driver::Retry;
use busway_core::{Error, ErrorKind, Result};
use tokio::time::Instant;

use crate::driver::Shared;
use crate::link::{Verdict, closed};
use crate::wire::{Destination, Outgoing};

/// The transmissions of one message.
#[derive(Debug)]
pub(crate) struct Attempts {
    retry: Retry,
    pause: Duration,
    deadline: Instant,
    count: u32,
}

impl Attempts {
    pub(crate) fn new(retry: Retry, pause: Duration, deadline: Instant) -> Self {
        Self { retry, pause, deadline, count: 0 }
    }

    /// Sends a message until the peer has it; `late` says what it was when it does not in time.
    pub(crate) async fn send(
        mut self,
        shared: &Shared,
        destination: &Destination,
        outgoing: Outgoing,
        settled: bool,
        late: &str,
    ) -> Result<()> {
        let deadline = self.deadline;
        // Pinned here, so that it is not moved from place to place.
        let sending = pin!(async {
            loop {
                let mut sending = shared.bus.send(destination, outgoing.clone(), settled)?;
                if self.after(shared, sending.verdict().await).await? {
                    return Ok(());
                }
            }
        });
        let sent = tokio::time::timeout_at(deadline, sending).await;
        sent.unwrap_or_else(|_| Err(shared.bus.late(late)))
    }

    /// `true` when the message has arrived; `false`, after a pause, when it is to be sent again.
    ///
    /// # Errors
    /// Why it is not sent again.
    pub(crate) async fn after(&mut self, shared: &Shared, verdict: Verdict) -> Result<bool> {
        self.count += 1;
        let (error, pause) = match verdict {
            Verdict::Accepted => return Ok(true),
            Verdict::InDoubt(why) if self.retry.is_never() => {
                let message = format!(
                    "the connection was lost after the message may have left: {}",
                    why.message()
                );
                return Err(Error::new(ErrorKind::InDoubt, message).because(why));
            }
            // It waits for the next connection by itself.
            Verdict::InDoubt(error) => (error, Duration::ZERO),
            Verdict::Returned(error) | Verdict::Refused(error) => (error, self.pause),
        };
        let next = Instant::now() + pause;
        let again = self.retry.allows(self.count) && error.is_retryable();
        if !again || next >= self.deadline {
            return Err(error);
        }
        // Boxed, so that those who need no second attempt stay small.
        let resting = Box::pin(async {
            tokio::select! {
                () = tokio::time::sleep_until(next) => Ok(false),
                () = shared.bus.closed() => Err(closed()),
            }
        });
        resting.await
    }
}

use std::pin::pin;

use busway_core::driver::{CallOptions, Request, SendOptions};
use busway_core::{Error, ErrorKind, Payload, Result, Target};
use tokio::time::Instant;

use super::replies::{Replies, Waiting};
use super::request::{Prepared, Reply};
use crate::link::unless_closed;
use crate::names::hex_id;
use crate::publish::{Published, Verdict};
use crate::side::Side;
use crate::topology::declare_exchange_on;

/// Sends a request until the broker has it, and returns.
pub(crate) async fn cast(
    side: &Side,
    target: &Target,
    request: &Request,
    options: SendOptions,
) -> Result<()> {
    let prepared = Prepared::new(side, target, request, options.retry, options.expiry, None)?;
    let mut attempts = Attempts::new(&prepared, options.deadline);
    loop {
        match send(side, &prepared, options.deadline).await? {
            Published::Confirmed => return Ok(()),
            // Without the exchange there is no server, and a fan-out has nobody to reach.
            Published::Returned | Published::MissingExchange if target.fanout() => return Ok(()),
            failed => attempts.after(side, failed).await?,
        }
    }
}

/// Sends a request until the broker has it, and waits for its reply.
pub(crate) async fn call(
    side: &Side,
    replies: &Replies,
    target: &Target,
    request: &Request,
    options: CallOptions,
) -> Result<Payload> {
    let deadline = options.deadline;
    let correlation_id = hex_id();
    let mut waiting = replies.wait_for(&correlation_id);
    let reply = Some(Reply { queue: replies.queue().clone(), correlation_id });
    let prepared = Prepared::new(side, target, request, options.retry, Some(deadline), reply)?;
    let mut attempts = Attempts::new(&prepared, deadline);
    // What became of the last transmission.
    let mut verdict = None;
    let calling = async {
        loop {
            let generation = match replies.ready(deadline).await {
                Ok(generation) => generation,
                // The connection went while the reply queue was set up: nothing was sent.
                Err(error) if error.kind() == ErrorKind::Connection => {
                    attempts.after(side, Published::NotSent(error)).await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let outgoing = || prepared.outgoing(side, deadline);
            let handing = side.publishers.hand_over(&prepared.exchange, deadline, outgoing);
            let handed = tokio::select! {
                biased;
                // An earlier transmission may be answered yet.
                outcome = waiting.reply() => return outcome,
                handed = handing => handed,
            };
            let failed = match handed {
                Ok(handed) => {
                    let verdict = verdict.insert(handed);
                    match answered(verdict, &mut waiting, replies, generation).await? {
                        Attempt::Replied(payload) => return Ok(payload),
                        Attempt::Failed(failed) => failed,
                    }
                }
                Err(failed) => failed,
            };
            attempts.after(side, failed).await?;
        }
    };
    let called = {
        // Pinned here, so that it is not moved.
        let calling = pin!(calling);
        tokio::time::timeout_at(deadline, calling).await
    };
    called.unwrap_or_else(|_| {
        let confirmed = verdict.as_ref().is_some_and(Verdict::is_confirmed);
        Err(if confirmed {
            Error::new(ErrorKind::Timeout, "no reply came in time")
        } else {
            side.publishers.late("the broker did not confirm the request in time")
        })
    })
}

enum Attempt {
    Replied(Payload),
    Failed(Published),
}

/// The end of one transmission: the confirm and the reply are awaited together.
async fn answered(
    verdict: &mut Verdict,
    waiting: &mut Waiting,
    replies: &Replies,
    generation: u64,
) -> Result<Attempt> {
    tokio::select! {
        biased;
        outcome = waiting.reply() => return Ok(Attempt::Replied(outcome?)),
        failed = verdict.failed() => return Ok(Attempt::Failed(failed)),
        () = replies.lost(generation) => {}
    }
    // The reply may have gone with the connection that was to bring it; the request, if it was
    // not sent, has not.
    tokio::select! {
        biased;
        outcome = waiting.reply() => Ok(Attempt::Replied(outcome?)),
        published = verdict.told() => Ok(Attempt::Failed(match published {
            Published::Confirmed => Published::InDoubt(crate::link::lost()),
            failed => failed,
        })),
    }
}

async fn send(side: &Side, prepared: &Prepared, deadline: Instant) -> Result<Published> {
    let outgoing = || prepared.outgoing(side, deadline);
    side.publishers.publish(&prepared.exchange, deadline, outgoing).await
}

/// How often a request was sent, and what follows a failure.
struct Attempts<'a> {
    prepared: &'a Prepared,
    deadline: Instant,
    count: u32,
    /// Whether the connection was lost meanwhile: the server's may have been, too, and it is not
    /// back yet.
    lost: bool,
}

impl<'a> Attempts<'a> {
    fn new(prepared: &'a Prepared, deadline: Instant) -> Self {
        Self { prepared, deadline, count: 0, lost: false }
    }

    /// Returns when the request may be sent again, or why it may not.
    async fn after(&mut self, side: &Side, failed: Published) -> Result<()> {
        // Boxed, so that those who succeed at once stay small.
        Box::pin(unless_closed(&side.closed, self.after_failure(side, failed))).await
    }

    async fn after_failure(&mut self, side: &Side, failed: Published) -> Result<()> {
        self.count += 1;
        let again = self.prepared.retry.allows(self.count);
        let error = match failed {
            Published::Confirmed => return Ok(()),
            Published::Returned => {
                let error = Error::new(ErrorKind::Undeliverable, "nobody serves the target");
                if !self.lost {
                    return Err(error);
                }
                error
            }
            Published::MissingExchange => {
                self.declare_exchange(side).await?;
                let message = "nobody serves the target: its exchange does not exist";
                Error::new(ErrorKind::Undeliverable, message)
            }
            Published::InDoubt(error) if self.prepared.retry.is_never() => {
                let message = "the connection was lost after the request may have left";
                return Err(Error::new(ErrorKind::InDoubt, message).because(error));
            }
            Published::InDoubt(error) | Published::NotSent(error) => {
                self.lost = true;
                error
            }
            Published::Refused(error) => error,
        };
        if !again || !is_worth_another(&error) {
            return Err(error);
        }
        let pause = Instant::now() + *side.options.rpc_retry_delay;
        if pause >= self.deadline {
            tokio::time::sleep_until(self.deadline).await;
            return Err(Error::new(ErrorKind::Timeout, error.message()).because(error));
        }
        tokio::time::sleep_until(pause).await;
        Ok(())
    }

    async fn declare_exchange(&self, side: &Side) -> Result<()> {
        let declaring = async {
            let live = side.publishing().live(self.deadline).await?;
            declare_exchange_on(&live, &self.prepared.exchange, false).await
        };
        tokio::time::timeout_at(self.deadline, declaring).await.unwrap_or_else(|_| {
            let message = "the broker did not declare the exchange in time";
            Err(Error::new(ErrorKind::Timeout, message).with("exchange", &self.prepared.exchange))
        })
    }
}

fn is_worth_another(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connection | ErrorKind::Undeliverable | ErrorKind::Full)
}

use std::pin::pin;
use std::sync::Arc;

use busway_core::driver::{CallOptions, Request, Retry, SendOptions};
use busway_core::{Error, ErrorKind, Payload, Result, Target};
use tokio::time::Instant;
use uuid::Uuid;

use crate::attempts::Attempts;
use crate::driver::Shared;
use crate::link::{Answer, Verdict, Waiting};
use crate::options::PreSettled;
use crate::wire::{self, Destination, Outgoing, Reply};

/// Sends a request until the peer has it, and returns.
pub(crate) async fn cast(
    shared: &Shared,
    target: &Target,
    request: &Request,
    options: SendOptions,
) -> Result<()> {
    let destination = Destination::of_request(target)?;
    let body = wire::encode_request(request, None, &shared.limits)?;
    let outgoing = Outgoing {
        body: Some(body.into()),
        expiry: options.expiry,
        message_id: None,
        correlation_id: None,
        at_most_once: is_once(options.retry),
    };
    let settled = shared.options.settles(PreSettled::RpcCast);
    let late = "the peer did not take the request in time";
    let attempts = attempts(shared, options.retry, options.deadline);
    attempts.send(shared, &destination, outgoing, settled, late).await
}

/// Without retries a request runs at most once.
fn is_once(retry: Option<Retry>) -> bool {
    retry.is_some_and(Retry::is_never)
}

fn attempts(shared: &Shared, retry: Option<Retry>, deadline: Instant) -> Attempts {
    let retry = retry.unwrap_or(Retry::Forever);
    Attempts::new(retry, *shared.options.link_retry_delay, deadline)
}

/// Sends a request until the peer has it, and waits for its reply.
pub(crate) async fn call(
    shared: &Shared,
    target: &Target,
    request: &Request,
    options: CallOptions,
) -> Result<Payload> {
    let monitor = options.call_monitor_timeout;
    let body = wire::encode_request(request, monitor, &shared.limits)?;
    let mut calling = Calling {
        shared,
        destination: Destination::of_request(target)?,
        body: body.into(),
        options,
    };
    let attempts = attempts(shared, options.retry, options.deadline);
    // Pinned here, so that it is not moved from place to place.
    let running = pin!(calling.run(attempts));
    let called = tokio::time::timeout_at(options.deadline, running).await;
    called.unwrap_or_else(|_| Err(shared.bus.late("no reply came in time")))
}

/// A UUID without hyphens, as oslo.messaging's are.
fn fresh_id() -> Arc<str> {
    let mut text = Uuid::encode_buffer();
    Arc::from(&*Uuid::new_v4().simple().encode_lower(&mut text))
}

struct Calling<'a> {
    shared: &'a Shared,
    destination: Destination,
    body: Arc<str>,
    options: CallOptions,
}

impl Calling<'_> {
    async fn run(&mut self, mut attempts: Attempts) -> Result<Payload> {
        loop {
            // A fresh message id for every transmission: the reply of another is a late one.
            let outgoing = Outgoing {
                body: Some(self.body.clone()),
                expiry: Some(self.options.deadline),
                message_id: Some(fresh_id()),
                correlation_id: None,
                at_most_once: is_once(self.options.retry),
            };
            let settled = self.shared.options.settles(PreSettled::RpcCall);
            let monitored = self.options.call_monitor_timeout.is_some();
            let bus = &self.shared.bus;
            let (_calling, waiting) = bus.call(&self.destination, outgoing, settled, monitored)?;
            match self.answer(waiting).await? {
                Answer::Reply(arrived) => {
                    let limits = &self.shared.limits;
                    return match wire::decode_reply(arrived.body.as_deref(), limits)? {
                        Reply::Outcome(outcome) => outcome.map_err(Error::from),
                        Reply::Heartbeat => {
                            Err(Error::new(ErrorKind::Serialization, "the reply has no body"))
                        }
                    };
                }
                Answer::Failed(Verdict::Accepted) => {}
                Answer::Failed(failed) => drop(attempts.after(self.shared, failed).await?),
            }
        }
    }

    /// The answer to one transmission, within the call-monitor timeout from one heartbeat to the
    /// next.
    async fn answer(&self, mut waiting: Waiting) -> Result<Answer> {
        let Some(timeout) = self.options.call_monitor_timeout else {
            return Ok(waiting.answer().await);
        };
        loop {
            match tokio::time::timeout(timeout, waiting.answer_or_beat()).await {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => {}
                Err(_) => {
                    let message = "no heartbeat of the call's handler came in time";
                    return Err(Error::new(ErrorKind::Timeout, message));
                }
            }
        }
    }
}

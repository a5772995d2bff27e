use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;
use tracing::Instrument;

use super::dispatcher::Dispatcher;
use crate::deadline::after;
use crate::driver::{Delivery, Incoming, Outcome, Request};
use crate::metrics::measure;
use crate::rpc::{Failure, trace};
use crate::serving::{Handle, Work};
use crate::{Context, ContextSerializer, Error, Limits, Payload, RemoteError, Result};

/// Handles one request from acknowledgement to reply.
#[derive(Debug)]
pub(super) struct Handler {
    pub(super) dispatcher: Dispatcher,
    pub(super) serializer: Option<Arc<dyn ContextSerializer>>,
    pub(super) limits: Limits,
    pub(super) system: &'static str,
    pub(super) topic: String,
}

/// A request whose turn has come.
pub(super) struct Begun {
    incoming: Incoming<Request>,
    acknowledged: bool,
}

impl Handle<Request> for Handler {
    /// Each is begun right after this: where there is nothing to wait for they are acknowledged
    /// here, so that the bus hears of them all at once.
    fn divide(&self, taken: Vec<Incoming<Request>>) -> Vec<Begun> {
        let begin = |mut incoming: Incoming<Request>| {
            let delivery = &mut incoming.delivery;
            let acknowledged = !delivery.needs_acknowledgement()
                || match delivery.try_acknowledge() {
                    Some(Ok(())) => true,
                    Some(Err(error)) => {
                        unacknowledged(&error);
                        return None;
                    }
                    None => false,
                };
            Some(Begun { incoming, acknowledged })
        };
        taken.into_iter().filter_map(begin).collect()
    }
}

impl Work for Handler {
    type Piece = Begun;

    /// Acknowledges, runs, answers. A request that has expired is not run, nor one that could not
    /// be acknowledged: the bus will deliver it again.
    async fn work(&self, Begun { mut incoming, acknowledged }: Begun) {
        let expired = incoming.deadline.is_some_and(|deadline| deadline <= Instant::now());
        if !acknowledged && let Err(error) = incoming.delivery.acknowledge().await {
            return unacknowledged(&error);
        }
        if expired {
            tracing::debug!(rpc.method = &*incoming.body.method, "an expired request is not run");
            return;
        }
        let span = trace::process_span(self.system, &self.topic, &incoming.body);
        // The caller has the outcome, and the log what is wrong with it.
        // Pinned here, so that it is not moved from place to place.
        let answering = pin!(self.answer(incoming));
        let _ = if span.is_disabled() {
            measure("process", self.system, answering).await
        } else {
            measure("process", self.system, answering.instrument(span)).await
        };
    }
}

impl Handler {
    async fn answer(&self, incoming: Incoming<Request>) -> Result<(), RemoteError> {
        let Incoming { body, deadline, call_monitor_timeout, mut delivery, .. } = incoming;
        let outcome = match call_monitor_timeout.filter(|_| delivery.expects_reply()) {
            None => self.run(body, deadline).await,
            Some(timeout) => {
                let running = self.run(body, deadline);
                Box::pin(monitored(running, delivery.as_mut(), timeout)).await
            }
        };
        let outcome = outcome.and_then(|payload| self.within_limits(payload));
        let result = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
        if delivery.expects_reply()
            && let Err(error) = reply(delivery, outcome).await
        {
            tracing::warn!(%error, "a reply was not sent");
        }
        result
    }

    /// Runs the handler; a failure is logged here, as loudly as it deserves.
    async fn run(&self, request: Request, deadline: Option<Instant>) -> Outcome {
        let dispatched = AssertUnwindSafe(self.dispatch(request, deadline)).catch_unwind().await;
        let failure = match dispatched {
            Ok(Ok(payload)) => return Ok(payload),
            Ok(Err(failure)) => failure,
            Err(panic) => Failure::from_panic(panic.as_ref()),
        };
        let remote = failure.as_remote();
        tracing::Span::current().record("error.type", remote.class.as_str());
        if failure.is_expected() {
            tracing::debug!(failure = %remote, "an expected failure goes back to the caller");
        } else {
            tracing::error!(failure = %remote, "a failure goes back to the caller");
        }
        Err(failure.into_remote())
    }

    async fn dispatch(
        &self,
        request: Request,
        deadline: Option<Instant>,
    ) -> Result<Payload, Failure> {
        let endpoint = self.dispatcher.find(&request).map_err(Failure::from_remote)?;
        let context = self.context(request.context)?.with_deadline(deadline);
        endpoint.call(&request.method, request.args, context).await
    }

    fn context(&self, context: Context) -> Result<Context> {
        match &self.serializer {
            None => Ok(context),
            Some(serializer) => serializer.deserialize(context.into_values()),
        }
    }

    /// A result over the limit does not leave; the caller is told so.
    fn within_limits(&self, payload: Payload) -> Outcome {
        match self.limits.check(payload.as_json().as_bytes()) {
            Ok(()) => Ok(payload),
            Err(error) => Err(Failure::from(error).into_remote()),
        }
    }
}

fn unacknowledged(error: &Error) {
    tracing::warn!(%error, "a request could not be acknowledged and is not run");
}

async fn reply(mut delivery: Box<dyn Delivery>, outcome: Outcome) -> Result<()> {
    match delivery.try_reply(outcome) {
        Ok(done) => done,
        Err(outcome) => delivery.reply(outcome).await,
    }
}

/// Runs a handler and tells its caller twice per timeout that it still runs.
async fn monitored(
    running: impl Future<Output = Outcome>,
    delivery: &mut dyn Delivery,
    timeout: Duration,
) -> Outcome {
    let period = (timeout / 2).max(Duration::from_millis(1));
    let beating = async {
        let mut ticks = tokio::time::interval_at(after(period), period);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match tokio::time::timeout(period, delivery.heartbeat()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a heartbeat was not sent"),
                Err(_) => tracing::debug!("a heartbeat was not sent in time"),
            }
        }
    };
    let (mut running, mut beating) = (pin!(running), pin!(beating));
    tokio::select! {
        biased;
        outcome = &mut running => outcome,
        never = &mut beating => never,
    }
}

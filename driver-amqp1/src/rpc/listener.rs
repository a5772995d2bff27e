use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use busway_core::driver::{Delivery, Incoming, Listener, Outcome, Request, Retry};
use busway_core::{Error, ErrorKind, RemoteError, Result, Target};
use tokio::time::Instant;

use crate::attempts::Attempts;
use crate::batches::{Batches, Unread};
use crate::driver::Shared;
use crate::link::{Message, Settle, Subscription};
use crate::options::PreSettled;
use crate::wire::{self, Destination, Outgoing};

/// Subscribes a server: to the addresses of itself, of its topic, of fan-outs.
pub(crate) async fn listen(shared: Arc<Shared>, target: &Target) -> Result<RequestListener> {
    let addresses = Destination::of_server(target)?;
    let credit = shared.options.rpc_server_credit;
    let subscription = Subscription::start(&shared.bus, addresses.into(), credit).await?;
    let read = Box::new(move |message| read(&shared, message));
    Ok(RequestListener(Batches::new(subscription, read)))
}

/// The requests of a server.
#[derive(Debug)]
pub(crate) struct RequestListener(Batches<Request>);

fn read(shared: &Arc<Shared>, message: Message) -> Result<Incoming<Request>, Box<Unread>> {
    let arrived = &message.arrived;
    if arrived.at_most_once && arrived.redelivered {
        return Err(Box::new(Unread::Stale(message)));
    }
    let body = arrived.body.as_deref().unwrap_or_default();
    let (body, call_monitor_timeout) = match wire::decode_request(body, &shared.limits) {
        Ok(decoded) => decoded,
        Err(error) => return Err(Box::new(Unread::Foreign(message, error))),
    };
    let deadline = arrived.deadline;
    let redelivered = arrived.redelivered;
    let delivery = Box::new(RequestDelivery {
        shared: shared.clone(),
        monitor: call_monitor_timeout,
        message,
    });
    Ok(Incoming { body, redelivered, deadline, call_monitor_timeout, delivery })
}

#[async_trait]
impl Listener<Request> for RequestListener {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Incoming<Request>>> {
        Ok(self.0.next(max, wait).await)
    }

    async fn stop(&mut self) -> Result<()> {
        self.0.stop();
        Ok(())
    }
}

#[derive(Debug)]
struct RequestDelivery {
    message: Message,
    shared: Arc<Shared>,
    monitor: Option<Duration>,
}

impl RequestDelivery {
    fn settle(&mut self, how: Settle) -> Result<()> {
        if self.message.settle(how) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Connection, "the link that brought the request is gone"))
    }

    fn deadline(&self) -> Option<Instant> {
        self.message.arrived.deadline
    }

    /// Where the reply goes, when somebody waits for one.
    fn caller(&self) -> Option<Destination> {
        let arrived = &self.message.arrived;
        arrived.message_id.as_ref()?;
        arrived.reply_to.as_deref().map(|address| Destination::Address(address.into()))
    }

    fn answer(&self, body: Option<Arc<str>>, expiry: Option<Instant>) -> Outgoing {
        let correlation_id = self.message.arrived.message_id.as_deref().map(Arc::from);
        Outgoing { body, expiry, message_id: None, correlation_id, at_most_once: false }
    }

    async fn send_reply(&self, caller: &Destination, outcome: &Outcome) -> Result<()> {
        let options = &self.shared.options;
        let body = match wire::encode_reply(outcome, &self.shared.limits) {
            Ok(body) => body,
            // The caller learns at least that there is none.
            Err(error) => {
                let failure = RemoteError::new("ReplyError", "busway.rpc", error.to_string());
                wire::encode_reply(&Err(failure), &self.shared.limits)?
            }
        };
        let reply = self.answer(Some(body.into()), self.deadline());
        let latest = Instant::now() + *options.default_reply_timeout;
        let deadline = self.deadline().map_or(latest, |deadline| deadline.min(latest));
        let retry = Retry::from_config(options.default_reply_retry)?;
        let attempts = Attempts::new(retry, *options.link_retry_delay, deadline);
        let settled = options.settles(PreSettled::RpcReply);
        let late = "the reply was not taken in time";
        attempts.send(&self.shared, caller, reply, settled, late).await
    }
}

#[async_trait]
impl Delivery for RequestDelivery {
    fn needs_acknowledgement(&self) -> bool {
        self.message.is_unsettled()
    }

    fn expects_reply(&self) -> bool {
        self.caller().is_some()
    }

    async fn acknowledge(&mut self) -> Result<()> {
        self.settle(Settle::Accept)
    }

    fn try_acknowledge(&mut self) -> Option<Result<()>> {
        Some(self.settle(Settle::Accept))
    }

    async fn requeue(mut self: Box<Self>) -> Result<()> {
        if !self.needs_acknowledgement() {
            return Err(Error::unsupported("a request that was sent settled cannot go back"));
        }
        self.settle(Settle::Redeliver)
    }

    async fn reply(self: Box<Self>, outcome: Outcome) -> Result<()> {
        let expired = self.deadline().is_some_and(|deadline| deadline <= Instant::now());
        match self.caller() {
            Some(caller) if !expired => match self.send_reply(&caller, &outcome).await {
                Err(error) if error.kind() == ErrorKind::Undeliverable => {
                    tracing::debug!(%error, "the caller is gone: its reply is dropped");
                    Ok(())
                }
                sent => sent,
            },
            _ => Ok(()),
        }
    }

    async fn heartbeat(&mut self) -> Result<()> {
        let (Some(monitor), Some(caller)) = (self.monitor, self.caller()) else { return Ok(()) };
        let until = Instant::now() + monitor;
        let beat = self.answer(None, Some(until));
        let mut sending = self.shared.bus.send(&caller, beat, true)?;
        // Best effort: one that cannot leave in time is of no use.
        let _ = tokio::time::timeout_at(until, sending.verdict()).await;
        Ok(())
    }
}

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use busway_core::driver::{Delivery, Incoming, Listener, Outcome, Request, Retry};
use busway_core::{Error, ErrorKind, RemoteError, Result, Target};
use tokio::time::Instant;

use crate::attempts::Attempts;
use crate::batches::{Batches, Unread};
use crate::driver::Shared;
use crate::link::{Hold, Message, OpenWay, Settle, Subscription, Verdict};
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

    /// As [`caller`](Self::caller), unless the request has expired.
    fn waiting_caller(&self) -> Option<Destination> {
        let expired = self.deadline().is_some_and(|deadline| deadline <= Instant::now());
        self.caller().filter(|_| !expired)
    }

    fn answer(&self, body: Option<Arc<str>>, expiry: Option<Instant>) -> Outgoing {
        let correlation_id = self.message.arrived.message_id.clone();
        Outgoing { body, expiry, message_id: None, correlation_id, at_most_once: false }
    }

    fn reply_of(&self, caller: Destination, outcome: &Outcome) -> Result<Reply> {
        let options = &self.shared.options;
        let body = match wire::encode_reply(outcome, &self.shared.limits) {
            Ok(body) => body,
            // The caller learns at least that there is none.
            Err(error) => {
                let failure = RemoteError::new("ReplyError", "busway.rpc", error.to_string());
                wire::encode_reply(&Err(failure), &self.shared.limits)?
            }
        };
        let outgoing = self.answer(Some(body.into()), self.deadline());
        let latest = Instant::now() + *options.default_reply_timeout;
        let deadline = self.deadline().map_or(latest, |deadline| deadline.min(latest));
        let retry = Retry::from_config(options.default_reply_retry)?;
        let attempts = Attempts::new(retry, *options.link_retry_delay, deadline);
        Ok(Reply { caller, outgoing, deadline, attempts })
    }
}

/// A reply on its way.
struct Reply {
    caller: Destination,
    outgoing: Outgoing,
    deadline: Instant,
    attempts: Attempts,
}

impl Reply {
    /// Sends it settled, without waiting until it has left, if it can leave at once; whether it
    /// can. Bad news is worth a task.
    fn send_off(self, way: &OpenWay, shared: &Arc<Shared>, hold: Hold) -> bool {
        let (outgoing, deadline) = (self.outgoing.clone(), self.deadline);
        // What waits to be sent is a part of what is shared.
        let shared = Arc::downgrade(shared);
        way.send_off(outgoing, deadline, move |verdict| match (verdict, shared.upgrade()) {
            (Verdict::Accepted, _) | (_, None) => drop(hold),
            (failed, Some(shared)) => {
                let sending = self.send_again(shared.clone(), failed, hold);
                shared.bus.spawn(sending);
            }
        })
    }

    async fn send_again(mut self, shared: Arc<Shared>, failed: Verdict, _hold: Hold) {
        let sent = match self.attempts.after(&shared, failed).await {
            Ok(_) => self.send(&shared).await,
            Err(error) => without_caller(error),
        };
        if let Err(error) = sent {
            tracing::warn!(%error, "a reply was not sent");
        }
    }

    async fn send(self, shared: &Shared) -> Result<()> {
        let settled = shared.options.settles(PreSettled::RpcReply);
        let Self { caller, outgoing, attempts, .. } = self;
        let late = "the reply was not taken in time";
        let sent = attempts.send(shared, &caller, outgoing, settled, late).await;
        sent.or_else(without_caller)
    }
}

/// Nobody needs the reply of a caller that is gone.
fn without_caller(error: Error) -> Result<()> {
    if error.kind() != ErrorKind::Undeliverable {
        return Err(error);
    }
    tracing::debug!(%error, "the caller is gone: its reply is dropped");
    Ok(())
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
        match self.waiting_caller() {
            Some(caller) => self.reply_of(caller, &outcome)?.send(&self.shared).await,
            None => Ok(()),
        }
    }

    fn try_reply(&mut self, outcome: Outcome) -> Result<Result<()>, Outcome> {
        let Some(caller) = self.waiting_caller() else { return Ok(Ok(())) };
        if !self.shared.options.settles(PreSettled::RpcReply) {
            return Err(outcome);
        }
        let Some(way) = self.shared.bus.open_way(&caller) else { return Err(outcome) };
        match self.reply_of(caller, &outcome) {
            Ok(reply) => {
                let sent = reply.send_off(&way, &self.shared, self.message.hold());
                if sent { Ok(Ok(())) } else { Err(outcome) }
            }
            Err(error) => Ok(Err(error)),
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

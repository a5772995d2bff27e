use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use busway_core::driver::{Delivery, Incoming, Listener, Outcome, Request, Retry};
use busway_core::{Error, ErrorKind, Format, Result};
use bytes::Bytes;
use tokio::time::Instant;
use uuid::Uuid;

use crate::body::{decode_request, encode_reply};
use crate::consume::{Batches, Message, Settle, Subscription, Unreadable};
use crate::properties;
use crate::publish::{Outgoing, Published};
use crate::side::Side;

/// The requests of a server.
#[derive(Debug)]
pub(crate) struct RequestListener(Batches<Request>);

impl RequestListener {
    pub(crate) fn new(subscription: Subscription, side: Arc<Side>) -> Self {
        Self(Batches::new(subscription, Box::new(move |message| read(&side, message))))
    }
}

fn read(side: &Arc<Side>, message: Message) -> Result<Incoming<Request>, Box<Unreadable>> {
    let properties = &message.delivery.properties;
    let body = properties::read(properties, &message.delivery.data, &side.limits);
    let body = match body.and_then(|body| decode_request(&body)) {
        Ok(body) => body,
        Err(error) => return Err(Box::new(Unreadable { message, error })),
    };
    let deadline = properties::deadline(properties, message.arrived);
    let redelivered = message.delivery.redelivered;
    let side = side.clone();
    let delivery = Box::new(RequestDelivery { message, side, deadline, settled: false });
    Ok(Incoming { body, redelivered, deadline, call_monitor_timeout: None, delivery })
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
    side: Arc<Side>,
    deadline: Option<Instant>,
    settled: bool,
}

/// How long a reply is tried to be sent when its request does not expire.
const REPLY_TIMEOUT: Duration = Duration::from_mins(1);

impl RequestDelivery {
    fn settle(&mut self, how: Settle) -> Result<()> {
        self.settled = true;
        if self.message.settle(how) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Connection, "the connection that brought the request is lost"))
    }

    /// One transmission of the reply, in the request's format and with the time that remains.
    fn outgoing(&self, queue: &str, body: Bytes, format: Format, deadline: Instant) -> Outgoing {
        let message_id = Uuid::new_v4();
        let mut properties = properties::outgoing(message_id, format, false);
        if let Some(id) = self.message.delivery.properties.correlation_id() {
            properties = properties.with_correlation_id(id.clone());
        }
        if let Some(expiry) = self.deadline {
            properties = properties::with_expiration(properties, expiry);
        }
        let routing_key = queue.to_owned();
        Outgoing { routing_key, mandatory: true, message_id, properties, body, deadline }
    }

    async fn send_reply(&self, queue: &str, outcome: &Outcome) -> Result<()> {
        let options = &self.side.options;
        let format = properties::format(&self.message.delivery.properties)?;
        let body = encode_reply(outcome, format, &self.side.limits)?;
        let deadline = self.deadline.unwrap_or_else(|| Instant::now() + REPLY_TIMEOUT);
        let retry = Retry::from_config(options.rpc_reply_retry_attempts)?;
        let mut attempts = 0;
        loop {
            let outgoing = || self.outgoing(queue, body.clone(), format, deadline);
            let exchange = &options.rpc_reply_exchange;
            let error = match self.side.publishers.publish(exchange, deadline, outgoing).await? {
                Published::Confirmed => return Ok(()),
                Published::Returned | Published::MissingExchange => {
                    tracing::debug!(queue, "the caller is gone: its reply is dropped");
                    return Ok(());
                }
                Published::InDoubt(error)
                | Published::NotSent(error)
                | Published::Refused(error) => error,
            };
            attempts += 1;
            let next = Instant::now() + *options.rpc_reply_retry_delay;
            if !retry.allows(attempts) || next >= deadline {
                return Err(error);
            }
            tokio::time::sleep_until(next).await;
        }
    }
}

impl Drop for RequestDelivery {
    fn drop(&mut self) {
        if !self.settled {
            self.message.settle(Settle::Requeue);
        }
    }
}

#[async_trait]
impl Delivery for RequestDelivery {
    fn needs_acknowledgement(&self) -> bool {
        self.message.settling.is_needed()
    }

    fn expects_reply(&self) -> bool {
        self.message.delivery.properties.reply_to().is_some()
    }

    async fn acknowledge(&mut self) -> Result<()> {
        self.settle(Settle::Ack)
    }

    fn try_acknowledge(&mut self) -> Option<Result<()>> {
        Some(self.settle(Settle::Ack))
    }

    async fn requeue(mut self: Box<Self>) -> Result<()> {
        if !self.needs_acknowledgement() {
            return Err(Error::unsupported("a request without acknowledgement cannot go back"));
        }
        self.settle(Settle::Requeue)
    }

    async fn reply(self: Box<Self>, outcome: Outcome) -> Result<()> {
        let expired = self.deadline.is_some_and(|deadline| deadline <= Instant::now());
        match self.message.delivery.properties.reply_to() {
            Some(queue) if !expired => self.send_reply(queue.as_str(), &outcome).await,
            _ => Ok(()),
        }
    }

    async fn heartbeat(&mut self) -> Result<()> {
        Err(Error::unsupported("this wire format has no heartbeats of calls"))
    }
}

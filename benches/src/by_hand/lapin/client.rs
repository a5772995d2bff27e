use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt;
use lapin::Consumer;
use lapin::options::{BasicAckOptions, BasicQosOptions};
use lapin::types::ShortString;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::publisher::{self, Publish};
use super::{
    EXCHANGE, NOTIFICATION_EXCHANGE, PREFETCH, REPLY_EXCHANGE, TIMEOUT, connect, consume,
    declare_exchange, declare_queue, id, properties,
};
use crate::{BoxError, Exchange, Order, Receipt, Telling};

type Waiters = Arc<Mutex<HashMap<String, oneshot::Sender<Option<Vec<u8>>>>>>;

/// A client of the service `orders`; cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    publisher: mpsc::Sender<Publish>,
    waiters: Waiters,
    reply_queue: Arc<str>,
}

#[derive(Serialize)]
struct Request<'a> {
    method: &'a str,
    args: &'a Order,
}

#[derive(Deserialize)]
struct Reply {
    s: Receipt,
}

impl Client {
    /// Connects, and consumes its reply queue.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn connect(port: u16, vhost: &str) -> Result<Self, BoxError> {
        let connection = connect(port, vhost).await?;
        let replies = connection.create_channel().await?;
        replies.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let reply_queue: Arc<str> = format!("reply.by_hand.{}", id()).into();
        declare_exchange(&replies, REPLY_EXCHANGE).await?;
        declare_queue(&replies, REPLY_EXCHANGE, &reply_queue, &reply_queue, true).await?;
        let waiters = Waiters::default();
        let consumer = consume(&replies, &reply_queue, false).await?;
        tokio::spawn(receive(consumer, replies, waiters.clone()));
        let publishing = connection.create_channel().await?;
        declare_exchange(&publishing, EXCHANGE).await?;
        declare_exchange(&publishing, NOTIFICATION_EXCHANGE).await?;
        let publisher = publisher::start(publishing).await?;
        // It lives as long as the process.
        std::mem::forget(connection);
        Ok(Self { publisher, waiters, reply_queue })
    }

    async fn publish_and_wait(
        &self,
        exchange: &'static str,
        routing_key: String,
        body: Vec<u8>,
    ) -> Result<(), BoxError> {
        let (done, taken) = oneshot::channel();
        let message_id = id();
        let properties = properties(&message_id, None);
        let done = Box::new(move |taken| {
            // Whoever asked may be gone.
            let _ = done.send(taken);
        });
        let publish = Publish { exchange, routing_key, message_id, properties, body, done };
        self.publisher.send(publish).await.map_err(|_| "the connection is lost")?;
        if timeout(TIMEOUT, taken).await?? { Ok(()) } else { Err("not taken".into()) }
    }
}

/// The body of a request that an order be noted.
pub(super) fn note(order: &Order) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Request { method: "note", args: order })
}

impl Telling for Client {
    async fn note(&self, order: &Order) -> Result<(), BoxError> {
        let body = note(order)?;
        self.publish_and_wait(EXCHANGE, "with_ack.orders".to_owned(), body).await
    }

    async fn notify(&self, order: &Order) -> Result<(), BoxError> {
        #[derive(Serialize)]
        struct Notification<'a> {
            message_id: String,
            publisher_id: &'a str,
            event_type: &'a str,
            priority: &'a str,
            payload: &'a Order,
            timestamp: &'a str,
        }
        let notification = Notification {
            message_id: id(),
            publisher_id: "bench",
            event_type: "order.noted",
            priority: "INFO",
            payload: order,
            timestamp: "2026-01-01 00:00:00.000000",
        };
        let body = serde_json::to_vec(&notification)?;
        self.publish_and_wait(NOTIFICATION_EXCHANGE, "orders.info".to_owned(), body).await
    }
}

impl Exchange for Client {
    async fn order(&self, order: &Order) -> Result<Receipt, BoxError> {
        let body = serde_json::to_vec(&Request { method: "order", args: order })?;
        let (reply, replied) = oneshot::channel();
        let (message_id, correlation_id) = (id(), id());
        self.waiters.lock().insert(correlation_id.clone(), reply);
        let properties = properties(&message_id, Some(TIMEOUT))
            .with_correlation_id(correlation_id.as_str().into())
            .with_reply_to((&*self.reply_queue).into());
        let waiters = self.waiters.clone();
        // Only a request that came back ends the wait for its reply.
        let done = Box::new(move |taken: bool| {
            if !taken && let Some(waiter) = waiters.lock().remove(&correlation_id) {
                drop(waiter.send(None));
            }
        });
        let routing_key = "with_ack.orders".to_owned();
        let publish =
            Publish { exchange: EXCHANGE, routing_key, message_id, properties, body, done };
        self.publisher.send(publish).await.map_err(|_| "the connection is lost")?;
        let body = timeout(TIMEOUT, replied).await??.ok_or("nobody serves")?;
        Ok(serde_json::from_slice::<Reply>(&body)?.s)
    }
}

/// Hands each reply to its call, and acknowledges all that have come together.
async fn receive(mut replies: Consumer, channel: lapin::Channel, waiters: Waiters) {
    while let Some(Ok(first)) = replies.next().await {
        let mut next = Some(first);
        let mut last = 0;
        while let Some(delivery) = next {
            last = delivery.delivery_tag;
            let id = delivery.properties.correlation_id().as_ref().map(ShortString::as_str);
            if let Some(waiter) = id.and_then(|id| waiters.lock().remove(id)) {
                drop(waiter.send(Some(delivery.data)));
            }
            next = futures_util::FutureExt::now_or_never(replies.next())
                .flatten()
                .and_then(Result::ok);
        }
        let options = BasicAckOptions { multiple: true };
        if channel.basic_ack(last, options).await.is_err() {
            return;
        }
    }
}

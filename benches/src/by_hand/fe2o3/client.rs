use std::collections::HashMap;
use std::sync::Arc;

use fe2o3_amqp::types::messaging::{MessageId, Source, TerminusExpiryPolicy};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::incoming::Incoming;
use super::message::{Head, message};
use super::outgoing::{self, Send};
use super::{
    REPLY_CREDIT, TIMEOUT, begin, connect, id, notification_address, receiver, rpc_address, sender,
    thread,
};
use crate::{BoxError, Exchange, Order, Receipt, Telling};

type Waiters = Arc<Mutex<HashMap<String, oneshot::Sender<Option<String>>>>>;

/// A client of the service `orders`; cheap to clone.
#[derive(Clone, Debug)]
pub struct Client(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    requests: mpsc::Sender<Send>,
    notifications: mpsc::Sender<Send>,
    address: String,
    notification_address: String,
    reply_to: String,
    waiters: Waiters,
}

#[derive(Serialize)]
struct Body<T> {
    request: T,
    context: Empty,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Request<'a> {
    method: &'a str,
    args: &'a Order,
}

#[derive(Deserialize)]
struct Reply {
    response: Receipt,
}

impl Client {
    /// Connects, and attaches its reply link and those by which it sends.
    ///
    /// # Errors
    /// What the peer says.
    pub async fn connect(port: u16) -> Result<Self, BoxError> {
        thread()?.spawn(Self::open(port)).await?
    }

    async fn open(port: u16) -> Result<Self, BoxError> {
        let mut connection = connect(port).await?;
        let mut session = begin(&mut connection).await?;
        let source =
            Source::builder().dynamic(true).expiry_policy(TerminusExpiryPolicy::LinkDetach).build();
        let replies = receiver(&mut session, source).await?;
        let reply_to = replies.source().as_ref().and_then(|source| source.address.clone());
        let reply_to = reply_to.ok_or("the peer does not name the reply node")?;
        let waiters = Waiters::default();
        let replies = Incoming::new(replies, REPLY_CREDIT).await?;
        tokio::spawn(receive(replies, waiters.clone()));
        let mut sending = begin(&mut connection).await?;
        let (address, notification_address) =
            (rpc_address("anycast", "orders"), notification_address());
        let mut links = Vec::new();
        for address in [&address, &notification_address] {
            let link = sender(&mut sending, address).await?;
            let (sends, commands) = mpsc::channel(outgoing::WINDOW);
            tokio::spawn(outgoing::run(link, commands));
            links.push(sends);
        }
        let [requests, notifications] =
            <[_; 2]>::try_from(links).map_err(|_| "there are two links")?;
        // They live as long as the process.
        std::mem::forget((connection, session, sending));
        Ok(Self(Arc::new(Parts {
            requests,
            notifications,
            address,
            notification_address,
            reply_to,
            waiters,
        })))
    }

    async fn send_and_wait(
        &self,
        by: &mpsc::Sender<Send>,
        to: &str,
        body: String,
        settled: bool,
    ) -> Result<(), BoxError> {
        let (told, taken) = oneshot::channel();
        let message = message(Head { to, ..Head::default() }, body, settled);
        let done = Box::new(move |taken| {
            // Whoever asked may be gone.
            let _ = told.send(taken);
        });
        by.send(Send { message, settled, done }).await.map_err(|_| "the connection is lost")?;
        if timeout(TIMEOUT, taken).await?? { Ok(()) } else { Err("not taken".into()) }
    }
}

/// The body of a request that an order be noted.
pub(super) fn note(order: &Order) -> serde_json::Result<String> {
    let request = Request { method: "note", args: order };
    serde_json::to_string(&Body { request, context: Empty {} })
}

impl Telling for Client {
    async fn note(&self, order: &Order) -> Result<(), BoxError> {
        self.send_and_wait(&self.0.requests, &self.0.address, note(order)?, true).await
    }

    async fn notify(&self, order: &Order) -> Result<(), BoxError> {
        #[derive(Serialize)]
        struct Envelope<'a> {
            #[serde(rename = "oslo.version")]
            version: &'a str,
            #[serde(rename = "oslo.message")]
            message: &'a str,
        }
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
        let notification = serde_json::to_string(&notification)?;
        let request = Envelope { version: "2.0", message: &notification };
        let body = serde_json::to_string(&Body { request, context: Empty {} })?;
        let parts = &self.0;
        self.send_and_wait(&parts.notifications, &parts.notification_address, body, false).await
    }
}

impl Exchange for Client {
    async fn order(&self, order: &Order) -> Result<Receipt, BoxError> {
        let parts = &self.0;
        let request = Request { method: "order", args: order };
        let body = serde_json::to_string(&Body { request, context: Empty {} })?;
        let (reply, replied) = oneshot::channel();
        let id = id();
        parts.waiters.lock().insert(id.clone(), reply);
        let head = Head {
            to: &parts.address,
            message_id: Some(id.clone()),
            reply_to: Some(&parts.reply_to),
            expiry: Some(TIMEOUT),
            correlation_id: None,
        };
        let message = message(head, body, false);
        let waiters = parts.waiters.clone();
        // Only a request that came back ends the wait for its reply.
        let done = Box::new(move |taken: bool| {
            if !taken && let Some(waiter) = waiters.lock().remove(&id) {
                drop(waiter.send(None));
            }
        });
        let send = Send { message, settled: false, done };
        parts.requests.send(send).await.map_err(|_| "the connection is lost")?;
        let body = timeout(TIMEOUT, replied).await??.ok_or("not taken")?;
        Ok(serde_json::from_str::<Reply>(&body)?.response)
    }
}

/// Hands each reply to its call, and accepts all that have come together.
async fn receive(mut replies: Incoming, waiters: Waiters) -> Result<(), BoxError> {
    loop {
        let came = replies.next(|reply| {
            let id = reply.properties.and_then(|properties| properties.correlation_id);
            let Some(MessageId::String(id)) = id else { return };
            if let Some(waiter) = waiters.lock().remove(&id) {
                drop(waiter.send(Some(reply.body.0)));
            }
        });
        let came = came.await?;
        replies.accept(came).await?;
    }
}

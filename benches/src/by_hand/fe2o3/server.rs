use std::sync::Arc;

use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::link::delivery::DeliveryInfo;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::messaging::{Message, MessageId, Source};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::incoming::Incoming;
use super::message::{Head, Text, message, until};
use super::outgoing::{self, Send};
use super::{
    SERVER_CREDIT, begin, connect, notification_address, receiver, rpc_address, sender, thread,
};
use crate::by_hand::notification::Notification;
use crate::{BoxError, CONCURRENCY, Order, Receipt};

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    request: Request<'a>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    method: &'a str,
    args: Order,
}

#[derive(Deserialize)]
struct NotificationBody {
    request: Envelope,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "oslo.message")]
    message: String,
}

#[derive(Serialize)]
struct Reply {
    response: Receipt,
}

/// Requests that have come together, what each is accepted by, and who accepts them.
struct Batch {
    requests: Vec<(Message<Text>, DeliveryInfo)>,
    accepts: mpsc::Sender<Vec<DeliveryInfo>>,
}

/// A reply to send, and where to.
type Replying = (String, Send);

/// Starts a server of the service `orders`, with the three addresses of a server, and a listener
/// to its notifications; they run as long as the process.
///
/// # Errors
/// What the peer says.
pub async fn serve(port: u16) -> Result<(), BoxError> {
    // As many as may be on their way.
    let (requests, taken) = mpsc::channel(16);
    let (notifications, heard) = mpsc::channel(16);
    let (replies, replying) = mpsc::channel(outgoing::WINDOW);
    tokio::spawn(take(taken, replies));
    tokio::spawn(listen(heard));
    thread()?.spawn(open(port, requests, notifications, replying)).await?
}

async fn open(
    port: u16,
    requests: mpsc::Sender<Batch>,
    notifications: mpsc::Sender<(Vec<Message<Text>>, oneshot::Sender<()>)>,
    replying: mpsc::Receiver<Replying>,
) -> Result<(), BoxError> {
    let mut connection = connect(port).await?;
    let mut session = begin(&mut connection).await?;
    let addresses = [("unicast", "orders/s1"), ("anycast", "orders"), ("multicast", "orders")];
    for (how, whom) in addresses {
        let link = attach(&mut session, &rpc_address(how, whom)).await?;
        tokio::spawn(receive(link, requests.clone()));
    }
    let link = attach(&mut session, &notification_address()).await?;
    tokio::spawn(hear(link, notifications));
    let sending = begin(&mut connection).await?;
    tokio::spawn(reply(sending, replying));
    // They live as long as the process.
    keep(connection, session);
    Ok(())
}

fn keep(connection: ConnectionHandle<()>, session: SessionHandle<()>) {
    std::mem::forget((connection, session));
}

pub(super) async fn attach(
    session: &mut SessionHandle<()>,
    address: &str,
) -> Result<Incoming, BoxError> {
    let link = receiver(session, Source::builder().address(address).build()).await?;
    Incoming::new(link, SERVER_CREDIT).await
}

/// Hands over the requests that have come together, and accepts those that are begun: what nobody
/// has begun goes to another server when this one dies.
async fn receive(mut link: Incoming, requests: mpsc::Sender<Batch>) -> Result<(), BoxError> {
    let (accepts, mut begun) = mpsc::channel::<Vec<DeliveryInfo>>(outgoing::WINDOW);
    loop {
        let mut batch = Vec::new();
        tokio::select! {
            biased;
            Some(mut accepting) = begun.recv() => {
                while let Ok(more) = begun.try_recv() {
                    accepting.extend(more);
                }
                link.accept(accepting).await?;
            }
            came = link.next(|message| batch.push(message)) => {
                let batch = batch.into_iter().zip(came?).collect();
                let batch = Batch { requests: batch, accepts: accepts.clone() };
                requests.send(batch).await.map_err(|_| "nobody takes requests")?;
            }
        }
    }
}

/// Accepts the notifications that have come together once they are handled.
async fn hear(
    mut link: Incoming,
    notifications: mpsc::Sender<(Vec<Message<Text>>, oneshot::Sender<()>)>,
) -> Result<(), BoxError> {
    loop {
        let mut batch = Vec::new();
        let came = link.next(|message| batch.push(message)).await?;
        let (told, handled) = oneshot::channel();
        notifications.send((batch, told)).await.map_err(|_| "nobody takes notifications")?;
        handled.await?;
        link.accept(came).await?;
    }
}

async fn listen(mut notifications: mpsc::Receiver<(Vec<Message<Text>>, oneshot::Sender<()>)>) {
    while let Some((batch, told)) = notifications.recv().await {
        for message in batch {
            let Ok(body) = serde_json::from_str::<NotificationBody>(&message.body.0) else {
                continue;
            };
            if let Ok(read) = serde_json::from_str::<Notification>(&body.request.message) {
                std::hint::black_box(read);
            }
        }
        // The link may be gone.
        let _ = told.send(());
    }
}

/// Runs each request in a task of its own, and tells which are begun, as many as can be at once.
async fn take(mut taken: mpsc::Receiver<Batch>, replies: mpsc::Sender<Replying>) {
    let permits = Arc::new(Semaphore::new(CONCURRENCY));
    while let Some(Batch { requests, accepts }) = taken.recv().await {
        let mut begun = Vec::with_capacity(requests.len());
        for (request, info) in requests {
            let permit = if let Ok(permit) = permits.clone().try_acquire_owned() {
                permit
            } else {
                // The link may be gone.
                let _ = accepts.send(std::mem::take(&mut begun)).await;
                let Ok(permit) = permits.clone().acquire_owned().await else { return };
                permit
            };
            begun.push(info);
            let replies = replies.clone();
            tokio::spawn(async move {
                handle(request, &replies).await;
                drop(permit);
            });
        }
        let _ = accepts.send(begun).await;
    }
}

/// Whether it is an order to be noted.
pub(super) fn is_note(body: &str) -> bool {
    serde_json::from_str::<Body<'_>>(body).is_ok_and(|Body { request }| {
        std::hint::black_box(request.args);
        request.method == "note"
    })
}

/// Runs one request, and waits until its reply has left; what cannot be understood gets none.
async fn handle(message: Message<Text>, replies: &mpsc::Sender<Replying>) {
    let Ok(Body { request }) = serde_json::from_str::<Body<'_>>(&message.body.0) else { return };
    if request.method != "order" {
        std::hint::black_box(request.args);
        return;
    }
    let Ok(body) = serde_json::to_string(&Reply { response: request.args.receipt() }) else {
        return;
    };
    let properties = message.properties.unwrap_or_default();
    let (Some(caller), Some(MessageId::String(id))) = (properties.reply_to, properties.message_id)
    else {
        return;
    };
    let (told, done) = oneshot::channel();
    let head = Head {
        to: &caller,
        correlation_id: Some(id),
        expiry: properties.absolute_expiry_time.as_ref().map(until),
        ..Head::default()
    };
    let send = Send {
        message: self::message(head, body, true),
        settled: true,
        done: Box::new(move |taken| {
            // The task that waits may have been cut off.
            let _ = told.send(taken);
        }),
    };
    if replies.send((caller, send)).await.is_ok() {
        // A caller that is gone needs no reply.
        let _ = done.await;
    }
}

/// Sends replies, by a link to the caller of the last one.
async fn reply(
    mut session: SessionHandle<()>,
    mut replies: mpsc::Receiver<Replying>,
) -> Result<(), BoxError> {
    let mut taken = Vec::with_capacity(outgoing::WINDOW);
    let mut link = None;
    loop {
        if replies.recv_many(&mut taken, outgoing::WINDOW).await == 0 {
            return Ok(());
        }
        for (caller, send) in taken.drain(..) {
            if link.as_ref().is_none_or(|(address, _)| *address != caller) {
                let sender = sender(&mut session, &caller).await?;
                link = Some((caller, sender));
            }
            if let Some((_, sender)) = &mut link {
                let sent = sender.send_batchable(send.message).await.is_ok();
                (send.done)(sent);
            }
        }
    }
}

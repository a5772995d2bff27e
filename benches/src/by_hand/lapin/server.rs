use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicQosOptions};
use lapin::{Channel, Consumer};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, mpsc};

use super::publisher::{self, Publish};
use super::{
    EXCHANGE, NOTIFICATION_EXCHANGE, PREFETCH, REPLY_EXCHANGE, TIMEOUT, connect, consume,
    declare_exchange, declare_queue, id, properties,
};
use crate::by_hand::notification::Notification;
use crate::{BoxError, CONCURRENCY, Order, Receipt};

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    method: &'a str,
    args: Order,
}

#[derive(Serialize)]
struct Reply {
    s: Receipt,
}

/// Starts a server of the service `orders`, with the six queues of a server; it runs as long as
/// the process.
///
/// # Errors
/// What the broker says.
pub async fn serve(port: u16, vhost: &str) -> Result<(), BoxError> {
    let connection = connect(port, vhost).await?;
    let publishing = connection.create_channel().await?;
    declare_exchange(&publishing, REPLY_EXCHANGE).await?;
    let publisher = publisher::start(publishing).await?;
    let permits = Arc::new(Semaphore::new(CONCURRENCY));
    for (ack, no_ack) in [("no_ack", true), ("with_ack", false)] {
        let channel = connection.create_channel().await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        declare_exchange(&channel, EXCHANGE).await?;
        let queues = [
            (format!("{ack}.orders"), format!("{ack}.orders")),
            (format!("{ack}.orders.s1"), format!("{ack}.orders.s1")),
            (format!("{ack}.orders.s1.worker.{}", id()), format!("{ack}.orders.all_workers")),
        ];
        let mut consumers = Vec::new();
        for (queue, key) in queues {
            declare_queue(&channel, EXCHANGE, &queue, &key, true).await?;
            consumers.push(consume(&channel, &queue, no_ack).await?);
        }
        let requests = futures_util::stream::select_all(consumers);
        tokio::spawn(take(
            requests,
            (!no_ack).then_some(channel),
            permits.clone(),
            publisher.clone(),
        ));
    }
    let channel = connection.create_channel().await?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    declare_exchange(&channel, NOTIFICATION_EXCHANGE).await?;
    let queue = "orders.info";
    declare_queue(&channel, NOTIFICATION_EXCHANGE, queue, queue, false).await?;
    tokio::spawn(listen(consume(&channel, queue, false).await?, channel));
    // It lives as long as the process.
    std::mem::forget(connection);
    Ok(())
}

/// Reads the notifications that have come together, then acknowledges them.
async fn listen(mut notifications: Consumer, channel: Channel) {
    while let Some(Ok(first)) = notifications.next().await {
        let mut next = Some(first);
        let mut last = 0;
        while let Some(delivery) = next {
            last = delivery.delivery_tag;
            if let Ok(notification) = serde_json::from_slice::<Notification>(&delivery.data) {
                std::hint::black_box(notification);
            }
            next = notifications.next().now_or_never().flatten().and_then(Result::ok);
        }
        if channel.basic_ack(last, BasicAckOptions { multiple: true }).await.is_err() {
            return;
        }
    }
}

/// Acknowledges all that have come together, and runs each in a task of its own.
async fn take(
    mut requests: futures_util::stream::SelectAll<Consumer>,
    acknowledging: Option<Channel>,
    permits: Arc<Semaphore>,
    publisher: mpsc::Sender<Publish>,
) {
    while let Some(Ok(first)) = requests.next().await {
        let mut batch = vec![first];
        while let Some(Some(Ok(delivery))) = requests.next().now_or_never() {
            batch.push(delivery);
        }
        if let Some(channel) = &acknowledging {
            let last = batch.iter().map(|delivery| delivery.delivery_tag).max().unwrap_or_default();
            if channel.basic_ack(last, BasicAckOptions { multiple: true }).await.is_err() {
                return;
            }
        }
        for delivery in batch {
            let Ok(permit) = permits.clone().acquire_owned().await else { return };
            let publisher = publisher.clone();
            tokio::spawn(async move {
                handle(delivery, &publisher).await;
                drop(permit);
            });
        }
    }
}

/// Whether it is an order to be noted.
pub(super) fn is_note(body: &[u8]) -> bool {
    let request = serde_json::from_slice::<Request<'_>>(body);
    request.is_ok_and(|request| {
        std::hint::black_box(request.args);
        request.method == "note"
    })
}

/// Runs one request, and waits until the broker has its reply; what cannot be understood gets
/// none.
async fn handle(delivery: Delivery, publisher: &mpsc::Sender<Publish>) {
    let Ok(request) = serde_json::from_slice::<Request<'_>>(&delivery.data) else { return };
    if request.method != "order" {
        std::hint::black_box(request.args);
        return;
    }
    let Ok(body) = serde_json::to_vec(&Reply { s: request.args.receipt() }) else { return };
    let (Some(queue), Some(correlation_id)) =
        (delivery.properties.reply_to(), delivery.properties.correlation_id())
    else {
        return;
    };
    let message_id = id();
    let properties =
        properties(&message_id, Some(TIMEOUT)).with_correlation_id(correlation_id.clone());
    let (told, done) = tokio::sync::oneshot::channel();
    let publish = Publish {
        exchange: REPLY_EXCHANGE,
        routing_key: queue.to_string(),
        message_id,
        properties,
        body,
        done: Box::new(move |taken| {
            // The task that waits may have been cut off.
            let _ = told.send(taken);
        }),
    };
    if publisher.send(publish).await.is_ok() {
        // A caller that is gone needs no reply.
        let _ = done.await;
    }
}

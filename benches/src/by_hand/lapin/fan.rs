use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use lapin::options::{BasicAckOptions, BasicQosOptions};
use lapin::{Channel, Consumer};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use super::client::note;
use super::publisher::{self, Publish};
use super::server::is_note;
use super::{
    EXCHANGE, PREFETCH, TIMEOUT, connect, consume, declare_exchange, declare_queue, id, properties,
};
use crate::{BoxError, CONCURRENCY, Counter, Fanning, Order};

const KEY: &str = "with_ack.fan.all_workers";

/// So many servers that hear what is sent to all of them, and a client; cheap to clone.
#[derive(Clone, Debug)]
pub struct Fan {
    publisher: mpsc::Sender<Publish>,
    heard: Counter,
}

impl Fan {
    /// Connects the servers, each with a channel and a queue, and their client; they run as long as
    /// the process.
    ///
    /// # Errors
    /// What the broker says.
    pub async fn start(port: u16, vhost: &str, servers: u64) -> Result<Self, BoxError> {
        let serving = connect(port, vhost).await?;
        let heard = Counter::default();
        for number in 0..servers {
            let channel = serving.create_channel().await?;
            channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
            declare_exchange(&channel, EXCHANGE).await?;
            let queue = format!("with_ack.fan.s{number}.worker.{}", id());
            declare_queue(&channel, EXCHANGE, &queue, KEY, true).await?;
            let requests = consume(&channel, &queue, false).await?;
            tokio::spawn(hear(requests, channel, heard.clone()));
        }
        let connection = connect(port, vhost).await?;
        let publishing = connection.create_channel().await?;
        declare_exchange(&publishing, EXCHANGE).await?;
        let publisher = publisher::start(publishing).await?;
        std::mem::forget((serving, connection));
        Ok(Self { publisher, heard })
    }
}

impl Fanning for Fan {
    async fn fan_out(&self, order: &Order) -> Result<(), BoxError> {
        let (done, taken) = oneshot::channel();
        let message_id = id();
        let publish = Publish {
            exchange: EXCHANGE,
            routing_key: KEY.to_owned(),
            properties: properties(&message_id, None),
            message_id,
            body: note(order)?,
            done: Box::new(move |taken| {
                // Whoever asked may be gone.
                let _ = done.send(taken);
            }),
        };
        self.publisher.send(publish).await.map_err(|_| "the connection is lost")?;
        if timeout(TIMEOUT, taken).await?? { Ok(()) } else { Err("not taken".into()) }
    }

    fn heard(&self) -> &Counter {
        &self.heard
    }
}

/// One server: acknowledges all that have come together, and runs each in a task of its own.
async fn hear(mut requests: Consumer, channel: Channel, heard: Counter) {
    let permits = Arc::new(Semaphore::new(CONCURRENCY));
    while let Some(Ok(first)) = requests.next().await {
        let mut batch = vec![first];
        while let Some(Some(Ok(delivery))) = requests.next().now_or_never() {
            batch.push(delivery);
        }
        let last = batch.last().map(|delivery| delivery.delivery_tag).unwrap_or_default();
        if channel.basic_ack(last, BasicAckOptions { multiple: true }).await.is_err() {
            return;
        }
        for delivery in batch {
            let Ok(permit) = permits.clone().acquire_owned().await else { return };
            let heard = heard.clone();
            tokio::spawn(async move {
                if is_note(&delivery.data) {
                    heard.add();
                }
                drop(permit);
            });
        }
    }
}

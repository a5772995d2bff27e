use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use busway_core::driver::{Delivery, Incoming, Listener, NotificationSubscription, Outcome};
use busway_core::notify::Notification;
use busway_core::{Error, ErrorKind, Limits, Result};

use crate::body::decode_notification;
use crate::consume::{Batches, Consuming, Message, Settle, Settling, Subscription, Unreadable};
use crate::names::notification_queue;
use crate::properties;
use crate::side::Side;
use crate::topology::Queue;

/// Subscribes a notification listener to the queue of each topic and priority, or, with a pool,
/// to the pool's queue, which is bound to all of them.
pub(crate) async fn listen(
    side: Arc<Side>,
    subscription: NotificationSubscription,
) -> Result<NotificationListener> {
    let parts = consuming(&side, &subscription)?;
    let link = side.link_for_listener().await?;
    let subscription = Subscription::start(link, parts).await?;
    let limits = side.limits;
    let batches = Batches::new(subscription, Box::new(move |message| read(&limits, message)));
    Ok(NotificationListener(batches))
}

/// One channel for each exchange.
fn consuming(side: &Side, subscription: &NotificationSubscription) -> Result<Vec<Consuming>> {
    let options = &side.options;
    let durable = options.notification_persistence;
    let mut by_exchange: BTreeMap<String, Vec<Queue>> = BTreeMap::new();
    for (target, priority) in &subscription.sources {
        let exchange = target.exchange().unwrap_or(&options.default_notification_exchange);
        let routing_key = notification_queue(target.topic_for_send()?, *priority);
        let name = subscription.pool.clone().unwrap_or_else(|| routing_key.clone());
        let queue = Queue { name, routing_key, durable, expires: None };
        by_exchange.entry(exchange.to_owned()).or_default().push(queue);
    }
    let part = |(exchange, queues)| Consuming {
        exchange,
        durable,
        queues,
        no_ack: false,
        prefetch: options.notification_listener_prefetch_count,
        retry_delay: *options.notification_retry_delay,
    };
    Ok(by_exchange.into_iter().map(part).collect())
}

/// The notifications of a listener.
#[derive(Debug)]
pub(crate) struct NotificationListener(Batches<Notification>);

fn read(limits: &Limits, message: Message) -> Result<Incoming<Notification>, Box<Unreadable>> {
    let properties = &message.delivery.properties;
    let body = properties::read(properties, &message.delivery.data, limits);
    let body = match body.and_then(|body| decode_notification(&body)) {
        Ok(body) => body,
        Err(error) => return Err(Box::new(Unreadable { message, error })),
    };
    Ok(Incoming {
        body,
        redelivered: message.delivery.redelivered,
        deadline: properties::deadline(properties, message.arrived),
        call_monitor_timeout: None,
        delivery: Box::new(NotificationDelivery { settling: message.settling, settled: false }),
    })
}

#[async_trait]
impl Listener<Notification> for NotificationListener {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Incoming<Notification>>> {
        Ok(self.0.next(max, wait).await)
    }

    async fn stop(&mut self) -> Result<()> {
        self.0.stop();
        Ok(())
    }
}

/// One notification; given back when dropped unsettled.
#[derive(Debug)]
struct NotificationDelivery {
    settling: Settling,
    settled: bool,
}

impl NotificationDelivery {
    fn settle(&mut self, how: Settle) -> Result<()> {
        self.settled = true;
        if self.settling.settle(how) {
            return Ok(());
        }
        let message = "the connection that brought the notification is lost: it comes again";
        Err(Error::new(ErrorKind::Connection, message))
    }
}

impl Drop for NotificationDelivery {
    fn drop(&mut self) {
        if !self.settled {
            self.settling.settle(Settle::Requeue);
        }
    }
}

#[async_trait]
impl Delivery for NotificationDelivery {
    async fn acknowledge(&mut self) -> Result<()> {
        self.settle(Settle::Ack)
    }

    fn try_acknowledge(&mut self) -> Option<Result<()>> {
        Some(self.settle(Settle::Ack))
    }

    async fn requeue(mut self: Box<Self>) -> Result<()> {
        self.settle(Settle::Requeue)
    }

    async fn reply(self: Box<Self>, _: Outcome) -> Result<()> {
        Ok(())
    }

    async fn heartbeat(&mut self) -> Result<()> {
        Ok(())
    }
}

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use busway_core::driver::{Delivery, Incoming, Listener, NotificationSubscription, Outcome};
use busway_core::notify::Notification;
use busway_core::{Error, ErrorKind, Limits, Result};

use crate::batches::{Batches, Unread};
use crate::driver::Shared;
use crate::link::{Message, Settle, Subscription};
use crate::wire::{self, Destination};

/// Subscribes a notification listener to the address of each topic and priority.
pub(crate) async fn listen(
    shared: &Arc<Shared>,
    subscription: NotificationSubscription,
) -> Result<NotificationListener> {
    if subscription.pool.is_some() {
        return Err(Error::unsupported("this wire format has no pools of notification listeners"));
    }
    let address = |(target, priority)| Destination::of_notifications(target, priority);
    let addresses =
        subscription.sources.iter().map(|(target, priority)| address((target, *priority)));
    let addresses = addresses.collect::<Result<Vec<_>>>()?;
    let credit = shared.options.notify_server_credit;
    let subscription = Subscription::start(&shared.bus, addresses, credit).await?;
    let limits = shared.limits;
    let read = Box::new(move |message| read(&limits, message));
    Ok(NotificationListener(Batches::new(subscription, read)))
}

/// The notifications of a listener.
#[derive(Debug)]
pub(crate) struct NotificationListener(Batches<Notification>);

fn read(limits: &Limits, message: Message) -> Result<Incoming<Notification>, Box<Unread>> {
    let arrived = &message.arrived;
    let body = arrived.body.as_deref().unwrap_or_default();
    let body = match wire::decode_notification(body, limits) {
        Ok(body) => body,
        Err(error) => return Err(Box::new(Unread::Foreign(message, error))),
    };
    Ok(Incoming {
        body,
        redelivered: arrived.redelivered,
        deadline: arrived.deadline,
        call_monitor_timeout: None,
        delivery: Box::new(NotificationDelivery(message)),
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

/// One notification; a delivery that failed when dropped unsettled.
#[derive(Debug)]
struct NotificationDelivery(Message);

impl NotificationDelivery {
    fn settle(&mut self, how: Settle) -> Result<()> {
        if self.0.settle(how) {
            return Ok(());
        }
        let message = "the link that brought the notification is gone: it comes again";
        Err(Error::new(ErrorKind::Connection, message))
    }
}

impl Drop for NotificationDelivery {
    fn drop(&mut self) {
        // Somebody began to handle it.
        self.0.settle(Settle::Redeliver);
    }
}

#[async_trait]
impl Delivery for NotificationDelivery {
    fn needs_acknowledgement(&self) -> bool {
        self.0.is_unsettled()
    }

    async fn acknowledge(&mut self) -> Result<()> {
        self.settle(Settle::Accept)
    }

    fn try_acknowledge(&mut self) -> Option<Result<()>> {
        Some(self.settle(Settle::Accept))
    }

    async fn requeue(mut self: Box<Self>) -> Result<()> {
        if !self.needs_acknowledgement() {
            return Err(Error::unsupported("a notification that was sent settled cannot go back"));
        }
        self.settle(Settle::Redeliver)
    }

    async fn reply(self: Box<Self>, _: Outcome) -> Result<()> {
        Ok(())
    }

    async fn heartbeat(&mut self) -> Result<()> {
        Ok(())
    }
}

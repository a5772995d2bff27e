use busway_core::driver::{NotifyOptions, Retry};
use busway_core::notify::Notification;
use busway_core::{Error, ErrorKind, Result, Target};
use tokio::time::Instant;
use uuid::Uuid;

use crate::body::encode_notification;
use crate::link::unless_closed;
use crate::names::notification_queue;
use crate::properties;
use crate::publish::{Outgoing, Published};
use crate::side::Side;
use crate::topology::{self, Queue, declare_exchange};

/// Sends a notification until the broker has stored it.
///
/// When there is no queue for it yet, the exchange, the queue and the binding are declared, and
/// it is sent again.
pub(crate) async fn notify(
    side: &Side,
    target: &Target,
    notification: &Notification,
    options: NotifyOptions,
) -> Result<()> {
    let sending = Sending::new(side, target, notification, options)?;
    let failed = match sending.publish().await? {
        Published::Confirmed => return Ok(()),
        failed => failed,
    };
    // Boxed, so that those that are stored at once stay small.
    let going_on = Box::pin(unless_closed(&side.closed, sending.go_on(failed)));
    tokio::time::timeout_at(options.deadline, going_on).await.unwrap_or_else(|_| {
        Err(side.publishers.late("the broker did not confirm the notification in time"))
    })
}

struct Sending<'a> {
    side: &'a Side,
    exchange: &'a str,
    queue: String,
    body: bytes::Bytes,
    retry: Retry,
    deadline: Instant,
}

impl<'a> Sending<'a> {
    fn new(
        side: &'a Side,
        target: &'a Target,
        notification: &Notification,
        options: NotifyOptions,
    ) -> Result<Self> {
        let own = &side.options;
        let format = own.default_serializer_type;
        Ok(Self {
            side,
            exchange: target.exchange().unwrap_or(&own.default_notification_exchange),
            queue: notification_queue(target.topic_for_send()?, notification.priority),
            body: encode_notification(notification, format, &side.limits)?,
            retry: match options.retry {
                Some(retry) => retry,
                None => Retry::from_config(own.default_notification_retry_attempts)?,
            },
            deadline: options.deadline,
        })
    }

    async fn publish(&self) -> Result<Published> {
        let outgoing = || self.outgoing();
        self.side.publishers.publish(self.exchange, self.deadline, outgoing).await
    }

    /// What follows a failure, until the broker has stored it.
    async fn go_on(&self, failed: Published) -> Result<()> {
        let mut attempts = 0;
        let mut published = failed;
        loop {
            let (error, missing) = match published {
                Published::Confirmed => return Ok(()),
                Published::Returned => (undeliverable("there is no queue for it"), true),
                Published::MissingExchange => (undeliverable("its exchange does not exist"), true),
                Published::InDoubt(error)
                | Published::NotSent(error)
                | Published::Refused(error) => (error, false),
            };
            // The first declaration belongs to the attempt: a retry of 0 still gets its queue.
            if missing && attempts == 0 {
                self.declare().await?;
                attempts += 1;
                published = self.publish().await?;
                continue;
            }
            attempts += 1;
            let next = Instant::now() + *self.side.options.notification_retry_delay;
            let again = self.retry.allows(attempts) && error.is_retryable();
            if !again || next >= self.deadline {
                return Err(error);
            }
            tokio::time::sleep_until(next).await;
            if missing {
                self.declare().await?;
            }
            published = self.publish().await?;
        }
    }

    fn outgoing(&self) -> Outgoing {
        let options = &self.side.options;
        let message_id = Uuid::new_v4();
        let format = options.default_serializer_type;
        Outgoing {
            routing_key: self.queue.clone(),
            mandatory: true,
            properties: properties::outgoing(message_id, format, options.notification_persistence),
            message_id,
            body: self.body.clone(),
            deadline: self.deadline,
        }
    }

    async fn declare(&self) -> Result<()> {
        let durable = self.side.options.notification_persistence;
        let live = self.side.publishing().live(self.deadline).await?;
        let channel = live.channel().await?;
        declare_exchange(&channel, self.exchange, durable).await?;
        let (name, routing_key) = (self.queue.clone(), self.queue.clone());
        let queue = Queue { name, routing_key, durable, expires: None };
        queue.declare(&channel, self.exchange).await?;
        topology::close(&channel).await;
        Ok(())
    }
}

fn undeliverable(why: &str) -> Error {
    Error::new(ErrorKind::Undeliverable, format!("the notification was not stored: {why}"))
}

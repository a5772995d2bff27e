use async_trait::async_trait;
use futures_util::future::join_all;

use super::{Attempts, Sink, SinkOptions};
use crate::driver::{Envelope, NotifyOptions};
use crate::notify::{Notification, trace};
use crate::{Result, Target, Transport, spans};

/// The bus: oslo.messaging's drivers `messaging` and `messagingv2`.
#[derive(Debug)]
pub(in crate::notify) struct MessagingSink {
    pub(in crate::notify) transport: Transport,
    pub(in crate::notify) topics: Vec<Target>,
    pub(in crate::notify) envelope: Envelope,
}

#[async_trait]
impl Sink for MessagingSink {
    async fn send(&self, notification: &Notification, options: &SinkOptions) -> Result<()> {
        if let [target] = &*self.topics {
            return self.send_to(target, notification, options).await;
        }
        let sends = self.topics.iter().map(|target| self.send_to(target, notification, options));
        let mut attempts = Attempts::new("topics");
        for (target, result) in self.topics.iter().zip(join_all(sends).await) {
            attempts.add(target.topic().unwrap_or_default(), result);
        }
        attempts.into_result()
    }

    /// The driver does.
    fn keeps_deadline(&self) -> bool {
        true
    }
}

impl MessagingSink {
    async fn send_to(
        &self,
        target: &Target,
        notification: &Notification,
        options: &SinkOptions,
    ) -> Result<()> {
        let topic = target.topic_for_send()?;
        let span = trace::send_span(self.transport.system(), topic, notification);
        let options = NotifyOptions {
            deadline: options.deadline,
            retry: options.retry,
            envelope: self.envelope,
        };
        let sending = self.transport.notify(target, notification, options);
        let result = spans::sending(&span, sending).await;
        result.map_err(|error| match error.get("topic") {
            None => error.with("topic", topic),
            Some(_) => error,
        })
    }
}

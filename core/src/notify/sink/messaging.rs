use async_trait::async_trait;
use futures_util::future::join_all;
use tracing::Instrument;

use super::{Attempts, Sink, SinkOptions};
use crate::driver::{Envelope, NotifyOptions};
use crate::notify::{Notification, trace};
use crate::{Result, Target, Transport};

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
        let sends = self.topics.iter().map(|target| self.send_to(target, notification, options));
        let mut attempts = Attempts::new("topics");
        for (target, result) in self.topics.iter().zip(join_all(sends).await) {
            attempts.add(target.topic().unwrap_or_default(), result);
        }
        attempts.into_result()
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
        let sending = self.transport.notify(target, notification.clone(), options);
        let result = sending.instrument(span.clone()).await;
        trace::record(&span, &result);
        result.map_err(|error| match error.get("topic") {
            None => error.with("topic", topic),
            Some(_) => error,
        })
    }
}

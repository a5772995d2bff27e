use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::delivery::DeliveryInfo;
use fe2o3_amqp::types::messaging::Message;
use futures_util::FutureExt;

use super::message::Text;
use crate::BoxError;

/// Receives on a link and hands on what has come together, before it is accepted or after.
pub(super) struct Incoming {
    link: Receiver,
    credit: u32,
}

impl Incoming {
    pub(super) async fn new(mut link: Receiver, credit: u32) -> Result<Self, BoxError> {
        link.set_credit(credit).await?;
        Ok(Self { link, credit })
    }

    /// The next messages, those that have come together, and what they are accepted by.
    pub(super) async fn next(
        &mut self,
        mut each: impl FnMut(Message<Text>),
    ) -> Result<Vec<DeliveryInfo>, BoxError> {
        let mut accepting = Vec::new();
        let mut next = Some(self.link.recv::<Text>().await);
        while let Some(delivery) = next {
            let (info, message) = delivery?.into_parts();
            accepting.push(info);
            each(message);
            next = self.link.recv().now_or_never();
        }
        Ok(accepting)
    }

    /// Accepts messages, and lets half as many as may be on their way come again when so many
    /// have.
    pub(super) async fn accept(&mut self, messages: Vec<DeliveryInfo>) -> Result<(), BoxError> {
        self.link.accept_all(messages).await?;
        if self.link.credit() <= self.credit / 2 {
            self.link.set_credit(self.credit).await?;
        }
        Ok(())
    }
}

//! Declaring exchanges, queues and bindings, with the flags of oslo.messaging's pika driver.

use std::time::Duration;

use busway_core::Result;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

use crate::connect::describe;
use crate::link::Live;

/// Declares an exchange: direct, deleted with its last binding.
pub(crate) async fn declare_exchange(channel: &Channel, name: &str, durable: bool) -> Result<()> {
    let options =
        ExchangeDeclareOptions { durable, auto_delete: true, ..ExchangeDeclareOptions::default() };
    channel
        .exchange_declare(name.into(), ExchangeKind::Direct, options, FieldTable::default())
        .await
        .map_err(|error| describe(&error).with("exchange", name))
}

/// Declares an exchange on a channel that is opened for it.
pub(crate) async fn declare_exchange_on(live: &Live, name: &str, durable: bool) -> Result<()> {
    let channel = live.channel().await?;
    declare_exchange(&channel, name, durable).await?;
    close(&channel).await;
    Ok(())
}

/// A queue to declare and bind.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) routing_key: String,
    pub(crate) durable: bool,
    /// How long it lives unused; for ever without one.
    pub(crate) expires: Option<Duration>,
}

impl Queue {
    /// Declares the queue and binds it to an exchange.
    pub(crate) async fn declare(&self, channel: &Channel, exchange: &str) -> Result<()> {
        let options =
            QueueDeclareOptions { durable: self.durable, ..QueueDeclareOptions::default() };
        let named = |error: &lapin::Error| describe(error).with("queue", &self.name);
        channel
            .queue_declare(self.name.as_str().into(), options, self.arguments())
            .await
            .map_err(|error| named(&error))?;
        channel
            .queue_bind(
                self.name.as_str().into(),
                exchange.into(),
                self.routing_key.as_str().into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await
            .map_err(|error| named(&error))
    }

    fn arguments(&self) -> FieldTable {
        let mut arguments = FieldTable::default();
        if let Some(expires) = self.expires {
            let millis = i32::try_from(expires.as_millis()).unwrap_or(i32::MAX);
            arguments.insert("x-expires".into(), AMQPValue::LongInt(millis));
        }
        arguments
    }
}

/// Closes a channel; one that is closed already is no matter.
pub(crate) async fn close(channel: &Channel) {
    let _ = channel.close(200, "done".into()).await;
}

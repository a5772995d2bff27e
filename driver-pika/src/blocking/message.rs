use lapin::message::BasicReturnMessage;

use super::Properties;

/// A message that was taken from a queue: what pika hands over as method, properties and body.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// What it is acknowledged by, on the channel it came by.
    pub delivery_tag: u64,
    /// Whether it was given to somebody before.
    pub redelivered: bool,
    /// The exchange that it was published to.
    pub exchange: String,
    /// The routing key that it was published with.
    pub routing_key: String,
    /// How many messages are left in the queue, when it was taken by `basic_get`.
    pub message_count: Option<u32>,
    /// Its properties.
    pub properties: Properties,
    /// Its body.
    pub body: Vec<u8>,
}

impl Delivery {
    pub(super) fn new(delivery: lapin::message::Delivery) -> Self {
        Self {
            delivery_tag: delivery.delivery_tag,
            redelivered: delivery.redelivered,
            exchange: delivery.exchange.to_string(),
            routing_key: delivery.routing_key.to_string(),
            message_count: None,
            properties: Properties::of(&delivery.properties),
            body: delivery.data,
        }
    }
}

/// A message that came back since no queue takes it: pika's `ReturnedMessage`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Returned {
    /// The broker's reason as a number: 312 for no route.
    pub reply_code: u16,
    /// The broker's reason.
    pub reply_text: String,
    /// The exchange that it was published to.
    pub exchange: String,
    /// The routing key that it was published with.
    pub routing_key: String,
    /// Its properties.
    pub properties: Properties,
    /// Its body.
    pub body: Vec<u8>,
}

impl Returned {
    pub(super) fn new(message: BasicReturnMessage) -> Self {
        let BasicReturnMessage { delivery, reply_code, reply_text } = message;
        Self {
            reply_code,
            reply_text: reply_text.to_string(),
            exchange: delivery.exchange.to_string(),
            routing_key: delivery.routing_key.to_string(),
            properties: Properties::of(&delivery.properties),
            body: delivery.data,
        }
    }
}

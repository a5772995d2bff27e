//! Messages: their properties, headers and bodies.

use std::sync::Arc;

use busway_core::Result;
use fe2o3_amqp::Sendable;
use fe2o3_amqp::types::messaging::{AmqpValue, Body, Message};
use serde_amqp::Value;
use tokio::time::Instant;

/// A message about to be sent: all that does not change from one transmission to the next.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// The JSON text; none is a heartbeat of a monitored call.
    pub(crate) body: Option<Arc<str>>,
    /// When it expires: the message carries the time that remains, `ttl` in milliseconds and
    /// `absolute-expiry-time`.
    pub(crate) expiry: Option<Instant>,
    /// The message id of a request that is to be answered.
    pub(crate) message_id: Option<Arc<str>>,
    /// The message id of the request that this answers.
    pub(crate) correlation_id: Option<Arc<str>>,
}

impl Outgoing {
    /// One transmission to this address, with the time that remains; `reply_to` is put into those
    /// with a message id.
    pub(crate) fn transmission(
        &self,
        to: &str,
        reply_to: Option<&str>,
        settled: bool,
    ) -> Sendable<AmqpValue<Value>> {
        todo!()
    }
}

/// A message that arrived, read tolerantly.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    /// The text of the body; none when it has none (an AMQP null).
    pub(crate) body: Option<String>,
    pub(crate) message_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) reply_to: Option<String>,
    /// When it expires.
    pub(crate) deadline: Option<Instant>,
    /// Whether it was delivered before (its delivery-count is above zero).
    pub(crate) redelivered: bool,
}

impl Arrived {
    /// Reads a message that arrived at that time.
    ///
    /// # Errors
    /// `Serialization` when the body is neither text, nor bytes that are UTF-8, nor null.
    pub(crate) fn read(message: Message<Body<Value>>, arrived: Instant) -> Result<Self> {
        todo!()
    }
}

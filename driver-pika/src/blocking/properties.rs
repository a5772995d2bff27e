use busway_core::Result;
use lapin::BasicProperties;
use lapin::types::ShortString;

use super::arguments::{Arguments, arguments, short, table};

/// The properties of a message: the counterpart of pika's `BasicProperties`.
///
/// ```
/// use busway_driver_pika::blocking::Properties;
///
/// let properties = Properties {
///     content_type: Some("text/plain".to_owned()),
///     correlation_id: Some("42".to_owned()),
///     ..Properties::persistent()
/// };
/// assert_eq!(properties.delivery_mode, Some(2));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties {
    /// The type of the body, such as `application/json`.
    pub content_type: Option<String>,
    /// How the body is encoded, such as `gzip`.
    pub content_encoding: Option<String>,
    /// Headers of the program's own.
    pub headers: Arguments,
    /// 1 for a transient message, 2 for a persistent one.
    pub delivery_mode: Option<u8>,
    /// The priority, for queues with `x-max-priority`.
    pub priority: Option<u8>,
    /// What the answer repeats.
    pub correlation_id: Option<String>,
    /// The queue that an answer goes to.
    pub reply_to: Option<String>,
    /// How long the message lives, in milliseconds, as text.
    pub expiration: Option<String>,
    /// The message's own id.
    pub message_id: Option<String>,
    /// When it was sent, in seconds since 1970.
    pub timestamp: Option<u64>,
    /// What kind of message it is (pika's `type`).
    pub kind: Option<String>,
    /// The user who sent it; the broker checks it.
    pub user_id: Option<String>,
    /// The program that sent it.
    pub app_id: Option<String>,
    /// Not used by RabbitMQ.
    pub cluster_id: Option<String>,
}

type With = fn(BasicProperties, ShortString) -> BasicProperties;

impl Properties {
    /// Those of a message that survives a restart of the broker in a durable queue.
    #[must_use]
    pub fn persistent() -> Self {
        Self { delivery_mode: Some(2), ..Self::default() }
    }

    pub(super) fn to_amqp(&self) -> Result<BasicProperties> {
        let mut amqp = BasicProperties::default();
        let texts: [(&Option<String>, With); 10] = [
            (&self.content_type, BasicProperties::with_content_type),
            (&self.content_encoding, BasicProperties::with_content_encoding),
            (&self.correlation_id, BasicProperties::with_correlation_id),
            (&self.reply_to, BasicProperties::with_reply_to),
            (&self.expiration, BasicProperties::with_expiration),
            (&self.message_id, BasicProperties::with_message_id),
            (&self.kind, BasicProperties::with_type),
            (&self.user_id, BasicProperties::with_user_id),
            (&self.app_id, BasicProperties::with_app_id),
            (&self.cluster_id, BasicProperties::with_cluster_id),
        ];
        for (text, with) in texts {
            if let Some(text) = text {
                amqp = with(amqp, short("a property", text)?);
            }
        }
        if !self.headers.is_empty() {
            amqp = amqp.with_headers(table(&self.headers)?);
        }
        if let Some(mode) = self.delivery_mode {
            amqp = amqp.with_delivery_mode(mode);
        }
        if let Some(priority) = self.priority {
            amqp = amqp.with_priority(priority);
        }
        if let Some(timestamp) = self.timestamp {
            amqp = amqp.with_timestamp(timestamp);
        }
        Ok(amqp)
    }

    pub(super) fn of(amqp: &BasicProperties) -> Self {
        let text = |it: &Option<ShortString>| it.as_ref().map(ToString::to_string);
        Self {
            content_type: text(amqp.content_type()),
            content_encoding: text(amqp.content_encoding()),
            headers: amqp.headers().as_ref().map(arguments).unwrap_or_default(),
            delivery_mode: *amqp.delivery_mode(),
            priority: *amqp.priority(),
            correlation_id: text(amqp.correlation_id()),
            reply_to: text(amqp.reply_to()),
            expiration: text(amqp.expiration()),
            message_id: text(amqp.message_id()),
            timestamp: *amqp.timestamp(),
            kind: text(amqp.kind()),
            user_id: text(amqp.user_id()),
            app_id: text(amqp.app_id()),
            cluster_id: text(amqp.cluster_id()),
        }
    }
}

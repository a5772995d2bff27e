//! Messages: their properties, headers and bodies.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use busway_core::{Error, ErrorKind, Result};
use fe2o3_amqp::Sendable;
use fe2o3_amqp::types::messaging::{
    AmqpValue, ApplicationProperties, Body, Header, Message, MessageId, Properties,
};
use fe2o3_amqp::types::primitives::{SimpleValue, Timestamp};
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
    /// The message id of the request that this answers, of the type that the caller chose.
    pub(crate) correlation_id: Option<Arc<MessageId>>,
    /// Whether it is never to run twice, whatever is lost: it is marked, so that a server does not
    /// run it when its peer delivers it once more.
    pub(crate) at_most_once: bool,
}

/// The application property of what is not to run twice. Of Busway's own: servers of
/// oslo.messaging do not look at it.
const AT_MOST_ONCE: &str = "busway-at-most-once";

impl Outgoing {
    /// One transmission to this address, with the time that remains; `reply_to` is put into those
    /// with a message id.
    pub(crate) fn transmission(
        &self,
        to: &str,
        reply_to: Option<&str>,
        settled: bool,
    ) -> Sendable<AmqpValue<Option<Arc<str>>>> {
        let id = |id: &Arc<str>| MessageId::from(id.to_string());
        let reply_to = reply_to.filter(|_| self.message_id.is_some());
        let remaining = self.expiry.map(|expiry| expiry.saturating_duration_since(Instant::now()));
        let properties = Properties {
            message_id: self.message_id.as_ref().map(id),
            to: Some(to.to_owned()),
            reply_to: reply_to.map(str::to_owned),
            correlation_id: self.correlation_id.as_deref().cloned(),
            absolute_expiry_time: remaining.map(|remaining| after(remaining, SystemTime::now())),
            ..Properties::default()
        };
        // At least a millisecond, since 0 may be taken for none.
        let millis = |remaining: Duration| u32::try_from(remaining.as_millis()).unwrap_or(u32::MAX);
        let header = remaining
            .map(|remaining| Header { ttl: Some(millis(remaining).max(1)), ..Header::default() });
        let message = Message {
            header,
            delivery_annotations: None,
            message_annotations: None,
            properties: Some(properties),
            application_properties: self
                .at_most_once
                .then(|| ApplicationProperties::builder().insert(AT_MOST_ONCE, true).build()),
            body: AmqpValue(self.body.clone()),
            footer: None,
        };
        Sendable::builder().message(message).settled(settled).build()
    }
}

/// The time so much later, as AMQP counts it: milliseconds since 1970.
fn after(remaining: Duration, now: SystemTime) -> Timestamp {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = since.saturating_add(remaining).as_millis();
    Timestamp::from_milliseconds(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// The year 2000, in milliseconds since 1970. What is said to expire before it does not: oslo.messaging
/// takes the time from a clock that begins when its machine does.
const AGE: i64 = 946_684_800_000;

/// A message that arrived, read tolerantly.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    /// The text of the body; none when it has none (an AMQP null).
    pub(crate) body: Option<String>,
    /// As it came: the reply says the same.
    pub(crate) message_id: Option<Arc<MessageId>>,
    /// As text, whatever its type, as our own message ids are.
    pub(crate) correlation_id: Option<String>,
    pub(crate) reply_to: Option<String>,
    /// When it expires.
    pub(crate) deadline: Option<Instant>,
    /// Whether a delivery of it failed before (its delivery-count is above zero).
    pub(crate) redelivered: bool,
    /// Whether it is never to run twice.
    pub(crate) at_most_once: bool,
}

impl Arrived {
    /// Reads a message that arrived at that time.
    ///
    /// # Errors
    /// `Serialization` when the body is neither text, nor bytes that are UTF-8, nor null.
    pub(crate) fn read(message: Message<Body<Value>>, arrived: Instant) -> Result<Self> {
        let Message { header, properties, application_properties, body, .. } = message;
        let properties = properties.unwrap_or_default();
        let header = header.unwrap_or_default();
        let marked = application_properties
            .is_some_and(|marks| marks.0.get(AT_MOST_ONCE) == Some(&SimpleValue::Bool(true)));
        // 0 is how some write that there is none.
        let by_ttl = header.ttl.filter(|ttl| *ttl > 0).map(|ttl| Duration::from_millis(ttl.into()));
        let by_time = properties.absolute_expiry_time.filter(|time| time.milliseconds() >= AGE);
        let by_time = by_time.map(|time| until(&time, SystemTime::now()));
        let remaining = match (by_ttl, by_time) {
            (Some(ttl), Some(time)) => Some(ttl.min(time)),
            (ttl, time) => ttl.or(time),
        };
        Ok(Self {
            body: text(body)?,
            message_id: properties.message_id.map(Arc::new),
            correlation_id: properties.correlation_id.map(id),
            reply_to: properties.reply_to,
            deadline: remaining.and_then(|remaining| arrived.checked_add(remaining)),
            redelivered: header.delivery_count > 0,
            at_most_once: marked,
        })
    }
}

/// How long it is until then; nothing, when it is past.
fn until(time: &Timestamp, now: SystemTime) -> Duration {
    let millis = u64::try_from(time.milliseconds()).unwrap_or(0);
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(millis).saturating_sub(since)
}

fn id(id: MessageId) -> String {
    match id {
        MessageId::String(id) => id,
        MessageId::Ulong(number) => number.to_string(),
        MessageId::Uuid(id) => uuid::Uuid::from_bytes(*id.as_inner()).simple().to_string(),
        MessageId::Binary(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn text(body: Body<Value>) -> Result<Option<String>> {
    match body {
        Body::Value(AmqpValue(Value::String(text))) => Ok(Some(text)),
        Body::Value(AmqpValue(Value::Binary(bytes))) => utf8(bytes.into_vec()).map(Some),
        Body::Value(AmqpValue(Value::Null)) | Body::Empty => Ok(None),
        Body::Data(parts) => {
            let bytes = parts.into_iter().flat_map(|part| part.0.into_vec()).collect();
            utf8(bytes).map(Some)
        }
        Body::Value(_) => Err(unreadable("the body is a value that is no text")),
        Body::Sequence(_) => Err(unreadable("the body is a sequence")),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| unreadable("the body's bytes are no UTF-8"))
}

fn unreadable(what: &str) -> Error {
    Error::new(ErrorKind::Serialization, what.to_owned())
}

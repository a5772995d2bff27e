//! The properties of messages, as oslo.messaging's pika driver sets and reads them.

use std::time::Duration;

use busway_core::{Error, ErrorKind, Format, Limits, Payload, Result};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use tokio::time::Instant;

use crate::body::envelope;

/// The version of the wire format, in the header `version`.
const VERSION: &str = "1.0";
const PERSISTENT: u8 = 2;
const TRANSIENT: u8 = 1;

/// The properties of a message about to be sent.
pub(crate) fn outgoing(message_id: &str, format: Format, persistent: bool) -> BasicProperties {
    let mut headers = FieldTable::default();
    headers.insert("version".into(), AMQPValue::LongString(VERSION.into()));
    BasicProperties::default()
        .with_content_type(format.content_type().into())
        .with_headers(headers)
        .with_message_id(message_id.into())
        .with_delivery_mode(if persistent { PERSISTENT } else { TRANSIENT })
}

/// Adds the time that remains, in whole milliseconds; at least one, since 0 would mean that only
/// a waiting consumer gets it.
pub(crate) fn with_expiration(properties: BasicProperties, deadline: Instant) -> BasicProperties {
    let remaining = deadline.saturating_duration_since(Instant::now()).as_millis().max(1);
    properties.with_expiration(remaining.to_string().into())
}

/// When a message expires that was received then.
pub(crate) fn deadline(properties: &BasicProperties, arrived: Instant) -> Option<Instant> {
    let millis: u64 = properties.expiration().as_ref()?.as_str().parse().ok()?;
    arrived.checked_add(Duration::from_millis(millis))
}

/// How a received message is written, from its content type.
pub(crate) fn format(properties: &BasicProperties) -> Result<Format> {
    match properties.content_type() {
        Some(content_type) => Format::from_content_type(content_type.as_str()),
        None => Err(Error::new(ErrorKind::Serialization, "the message has no content type")),
    }
}

/// Reads a received body: its version must be one we understand, its format one we know.
pub(crate) fn read(properties: &BasicProperties, data: &[u8], limits: &Limits) -> Result<Payload> {
    check_version(properties)?;
    format(properties)?.decode(data, &envelope(limits))
}

/// A version is compatible when the major number is ours and the minor one not higher.
fn check_version(properties: &BasicProperties) -> Result<()> {
    let header = properties.headers().as_ref().and_then(|headers| headers.inner().get("version"));
    let version = match header {
        Some(AMQPValue::LongString(text)) => text.to_string(),
        Some(AMQPValue::ShortString(text)) => text.to_string(),
        _ => String::new(),
    };
    let compatible = match version.split_once('.') {
        Some((major, minor)) => major == "1" && minor == "0",
        None => false,
    };
    if compatible {
        return Ok(());
    }
    let message = format!("the message's version '{version}' is not compatible with {VERSION}");
    Err(Error::new(ErrorKind::Serialization, message))
}

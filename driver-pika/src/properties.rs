//! The properties of messages, as oslo.messaging's pika driver sets and reads them.

use std::borrow::Cow;
use std::time::Duration;

use busway_core::{Error, ErrorKind, Format, Limits, Result};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use tokio::time::Instant;
use uuid::Uuid;

use crate::body::envelope;

/// The version of the wire format, in the header `version`.
const VERSION: &str = "1.0";
const PERSISTENT: u8 = 2;
const TRANSIENT: u8 = 1;

/// The properties of a message about to be sent.
pub(crate) fn outgoing(message_id: Uuid, format: Format, persistent: bool) -> BasicProperties {
    let mut digits = Uuid::encode_buffer();
    let message_id = message_id.simple().encode_lower(&mut digits);
    let mut headers = FieldTable::default();
    headers.insert("version".into(), AMQPValue::LongString(VERSION.into()));
    BasicProperties::default()
        .with_content_type(format.content_type().into())
        .with_headers(headers)
        .with_message_id((&*message_id).into())
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

/// Reads a received body as the text of a JSON document: its version must be one we understand,
/// its format one we know.
pub(crate) fn read<'a>(
    properties: &BasicProperties,
    data: &'a [u8],
    limits: &Limits,
) -> Result<Cow<'a, str>> {
    check_version(properties)?;
    format(properties)?.decode_json(data, &envelope(limits))
}

/// A version is compatible when the major number is ours and the minor one not higher.
fn check_version(properties: &BasicProperties) -> Result<()> {
    let header = properties.headers().as_ref().and_then(|headers| headers.inner().get("version"));
    let version = match header {
        Some(AMQPValue::LongString(text)) => String::from_utf8_lossy(text.as_bytes()),
        Some(AMQPValue::ShortString(text)) => text.as_str().into(),
        _ => "".into(),
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

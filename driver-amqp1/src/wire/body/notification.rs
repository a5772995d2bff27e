use busway_core::driver::Envelope;
use busway_core::notify::Notification;
use busway_core::{Context, Limits, Payload, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::{Body, DEPTH, REQUEST_KEY, check_envelope, open, seal};
use super::json::{self, Entries, Object, Text};
use super::sealed::{self, Sealed};

pub(crate) fn encode_notification(
    notification: &Notification,
    envelope: Envelope,
    limits: &Limits,
) -> Result<String> {
    let payload = notification.payload.as_json();
    limits.check(payload.as_bytes())?;
    let mut body = Object::about(payload.len());
    match envelope {
        Envelope::V1 => {
            body.open(REQUEST_KEY);
            write(&mut body.entries(), notification);
            body.close();
        }
        Envelope::V2 => seal(&mut body, |message| write(message, notification)),
    }
    body.context(&notification.context)?;
    body.finish(DEPTH, limits)
}

fn write(body: &mut Entries<'_>, notification: &Notification) {
    body.text("message_id", &notification.message_id);
    body.text("publisher_id", &notification.publisher_id);
    body.text("event_type", &notification.event_type);
    body.text("priority", notification.priority.as_wire());
    body.document("payload", &notification.payload);
    body.text("timestamp", &notification.timestamp);
}

#[derive(Deserialize)]
struct Read<'a> {
    #[serde(default)]
    message_id: Option<String>,
    #[serde(default)]
    publisher_id: Option<String>,
    #[serde(default)]
    event_type: Option<String>,
    #[serde(borrow, default)]
    priority: Option<Text<'a>>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(rename = "oslo.version", borrow, default)]
    envelope: Option<Text<'a>>,
    #[serde(rename = "oslo.message", default)]
    message: Option<String>,
}

/// A notification, bare or in an envelope.
pub(crate) fn decode_notification(body: &str, limits: &Limits) -> Result<Notification> {
    json::check(body, DEPTH, limits)?;
    if let Some(Sealed { version, message, context }) = sealed::read(body) {
        check_envelope(version, &message, limits)?;
        return read(json::parse(&message)?, context);
    }
    let mut body: Body<Read<'_>> = json::parse(body)?;
    let context = body.take_context();
    let mut request = body.request.0;
    let version = request.envelope.as_ref().map(|Text(version)| &**version);
    match open(version, request.message.take(), limits)? {
        None => read(request, context),
        Some(message) => read(json::parse(&message)?, context),
    }
}

fn read(notification: Read<'_>, context: Context) -> Result<Notification> {
    let priority = notification.priority.ok_or_else(|| json::missing("priority"))?;
    Ok(Notification {
        message_id: notification.message_id.unwrap_or_default(),
        publisher_id: notification.publisher_id.unwrap_or_default(),
        event_type: notification.event_type.unwrap_or_default(),
        priority: priority.0.parse()?,
        payload: notification.payload.map_or_else(Payload::null, Payload::from),
        timestamp: notification.timestamp.unwrap_or_default(),
        context,
    })
}

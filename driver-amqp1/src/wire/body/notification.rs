use busway_core::driver::Envelope;
use busway_core::notify::Notification;
use busway_core::{Limits, Payload, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::{Body, DEPTH, seal};
use super::json::{self, Object};

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
            body.open("request");
            write(&mut body, notification)?;
            body.close();
        }
        Envelope::V2 => {
            let mut bare = Object::about(payload.len());
            write(&mut bare, notification)?;
            seal(&mut body, "request", &bare.finish(DEPTH, limits)?)?;
        }
    }
    body.context(&notification.context)?;
    body.finish(DEPTH, limits)
}

fn write(body: &mut Object, notification: &Notification) -> Result<()> {
    body.value("message_id", &notification.message_id)?;
    body.value("publisher_id", &notification.publisher_id)?;
    body.value("event_type", &notification.event_type)?;
    body.value("priority", notification.priority.as_wire())?;
    body.document("payload", &notification.payload);
    body.value("timestamp", &notification.timestamp)
}

#[derive(Deserialize)]
struct Read<'a> {
    #[serde(default)]
    message_id: Option<String>,
    #[serde(default)]
    publisher_id: Option<String>,
    #[serde(default)]
    event_type: Option<String>,
    priority: String,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(default)]
    timestamp: Option<String>,
}

/// A notification, bare or in an envelope.
pub(crate) fn decode_notification(body: &str, limits: &Limits) -> Result<Notification> {
    let mut body = Body::read(body, limits)?;
    let notification = body.request(limits)?;
    let notification: Read<'_> = json::parse(&notification)?;
    Ok(Notification {
        message_id: notification.message_id.unwrap_or_default(),
        publisher_id: notification.publisher_id.unwrap_or_default(),
        event_type: notification.event_type.unwrap_or_default(),
        priority: notification.priority.parse()?,
        payload: notification.payload.map_or_else(Payload::null, Payload::from),
        timestamp: notification.timestamp.unwrap_or_default(),
        context: body.take_context(),
    })
}

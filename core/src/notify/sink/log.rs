use async_trait::async_trait;
use serde_json::{Value, json};
use tracing::Level;

use super::mask::mask;
use super::{Sink, SinkOptions};
use crate::notify::{Notification, Priority};
use crate::{Error, ErrorKind, Result};

/// The log: oslo.messaging's driver `log`.
#[derive(Debug)]
pub(in crate::notify) struct LogSink;

/// One event; target and level of an event are constants.
macro_rules! log_at {
    ($level:ident, $notification:ident, $json:ident) => {
        tracing::event!(
            target: "oslo.messaging.notification",
            Level::$level,
            event_type = $notification.event_type,
            publisher_id = $notification.publisher_id,
            message_id = $notification.message_id,
            priority = $notification.priority.as_str(),
            "{}",
            $json
        )
    };
}

#[async_trait]
impl Sink for LogSink {
    async fn send(&self, notification: &Notification, _: &SinkOptions) -> Result<()> {
        let json = as_json(notification)?;
        match notification.priority {
            Priority::Critical | Priority::Error => log_at!(ERROR, notification, json),
            Priority::Warn => log_at!(WARN, notification, json),
            Priority::Info | Priority::Audit => log_at!(INFO, notification, json),
            Priority::Debug | Priority::Sample => log_at!(DEBUG, notification, json),
        }
        Ok(())
    }
}

/// The fields as oslo.messaging's message has them, secrets masked.
fn as_json(notification: &Notification) -> Result<Value> {
    let mut payload = notification.payload.to::<Value>().map_err(|error| {
        Error::new(ErrorKind::Serialization, "the payload cannot be logged").because(error)
    })?;
    mask(&mut payload);
    Ok(json!({
        "message_id": notification.message_id,
        "publisher_id": notification.publisher_id,
        "event_type": notification.event_type,
        "priority": notification.priority.as_wire(),
        "payload": payload,
        "timestamp": notification.timestamp,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MASK, Payload};

    #[test]
    fn what_is_logged_has_the_fields_of_oslo_messaging_and_no_secret() {
        let payload = Payload::of(&json!({ "password": "x", "id": 7 })).expect("JSON");
        let notification = Notification::new("svc", "a.b", Priority::Warn, payload);
        let json = as_json(&notification).expect("JSON");
        assert_eq!(json["priority"], "WARN");
        assert_eq!(json["event_type"], "a.b");
        assert_eq!(json["message_id"], notification.message_id);
        assert_eq!(json["payload"], json!({ "password": MASK, "id": 7 }));
    }
}

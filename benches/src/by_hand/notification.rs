use serde::Deserialize;

use crate::Order;

/// What a listener is given of a notification, whatever it does with it.
#[derive(Deserialize)]
#[allow(dead_code, reason = "it is read for whoever would look at it")]
pub(super) struct Notification {
    message_id: String,
    publisher_id: String,
    event_type: String,
    priority: String,
    payload: Order,
    timestamp: String,
}

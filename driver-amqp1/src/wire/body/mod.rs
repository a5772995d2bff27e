//! Bodies, as oslo.messaging's amqp driver writes them: JSON text.

mod envelope;
mod json;
mod notification;
mod reply;
mod request;
mod sealed;
mod text;

pub(crate) use notification::{decode_notification, encode_notification};
pub(crate) use reply::{Reply, decode_reply, encode_reply};
pub(crate) use request::{decode_request, encode_request};

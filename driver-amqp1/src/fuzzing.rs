//! What is fed with anything by the programs in `fuzz/`: it must not panic, whatever comes.

use busway_core::Limits;
use busway_core::driver::Envelope;
use fe2o3_amqp::types::messaging::message::__private::Deserializable;
use fe2o3_amqp::types::messaging::{Body, Message};
use serde_amqp::Value;
use tokio::time::Instant;

use crate::connect::fuzzing::passed;
use crate::wire::{
    Arrived, Reply, decode_notification, decode_reply, decode_request, encode_notification,
    encode_reply, encode_request,
};

pub use crate::connect::fuzzing::{amqp1_sasl, amqp1_tap};

/// A message as it stands in transfers, whose length the first byte tells, and what its body says.
pub fn amqp1_message(data: &[u8]) {
    type Read = Deserializable<Message<Body<Value>>>;
    let Some((piece, message)) = data.split_first() else { return };
    let message = passed(message, usize::from(*piece) + 1);
    // As the engine does, with what comes in several.
    drop(serde_amqp::from_reader::<Read>(&message[..]));
    let Ok(Deserializable(message)) = serde_amqp::from_slice::<Read>(&message) else { return };
    if let Ok(Arrived { body, .. }) = Arrived::read(message, Instant::now()) {
        body_says(body.as_deref());
    }
}

/// The text of a body.
pub fn amqp1_body(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        body_says(Some(text));
    }
}

fn body_says(body: Option<&str>) {
    let limits = Limits::default();
    // What is read can be written: it may grow over a limit, and no more.
    if let Ok(Reply::Outcome(outcome)) = decode_reply(body, &limits) {
        drop(encode_reply(&outcome, &limits));
    }
    let Some(body) = body else { return };
    if let Ok((request, monitor)) = decode_request(body, &limits) {
        drop(encode_request(&request, monitor, &limits));
    }
    if let Ok(notification) = decode_notification(body, &limits) {
        drop(encode_notification(&notification, Envelope::default(), &limits));
    }
}

#[cfg(test)]
#[path = "../../fuzz/seeds.rs"]
mod seeds;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_is_too_bad() {
        seeds::and_what_is_near("amqp1_message", amqp1_message);
    }

    #[test]
    fn no_body_is_too_bad() {
        seeds::and_what_is_near("amqp1_body", amqp1_body);
    }

    #[test]
    fn no_peer_is_too_bad() {
        seeds::and_what_is_near("amqp1_tap", amqp1_tap);
    }

    #[test]
    fn no_login_is_too_bad() {
        seeds::and_what_is_near("amqp1_sasl", amqp1_sasl);
    }
}

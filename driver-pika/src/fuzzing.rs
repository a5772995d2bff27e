//! What is fed with anything by the programs in `fuzz/`: it must not panic, whatever comes.

use busway_core::{Format, Limits};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{body, properties};

/// The properties and the body of a message; the first byte says the format and what else is odd,
/// the second how long the expiration is that stands before the body.
pub fn pika_message(data: &[u8]) {
    let [how, expiration, rest @ ..] = data else { return };
    let format = if how & 1 == 0 { Format::Json } else { Format::MsgPack };
    let mut given = properties::outgoing(Uuid::nil(), format, false);
    let (expiration, data) = rest.split_at(usize::from(*expiration).min(rest.len()).min(24));
    if how & 2 != 0 {
        given = given.with_expiration(String::from_utf8_lossy(expiration).as_ref().into());
    }
    if how & 4 != 0 {
        given = given.with_content_type(String::from_utf8_lossy(expiration).as_ref().into());
    }
    let _ = properties::deadline(&given, Instant::now());
    let limits = Limits::default();
    let Ok(read) = properties::read(&given, data, &limits) else { return };
    if let Ok(request) = body::decode_request(&read) {
        // What is read can be written: it may grow over a limit, and no more.
        drop(body::encode_request(&request, format, &limits));
    }
    if let Ok(reply) = body::decode_reply(&read) {
        drop(body::encode_reply(&reply, format, &limits));
    }
    drop(body::decode_notification(&read));
}

#[cfg(test)]
#[path = "../../fuzz/seeds.rs"]
mod seeds;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_is_too_bad() {
        seeds::and_what_is_near("pika_message", pika_message);
    }
}

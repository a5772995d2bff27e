use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::Priority;
use crate::{Context, Payload};

/// A notification, with the fields of oslo.messaging.
#[derive(Clone, Debug)]
pub struct Notification {
    /// A UUID, fresh for every notification, with hyphens.
    pub message_id: String,
    /// Who tells: `service.host`, by custom.
    pub publisher_id: String,
    /// What happened: `compute.instance.create`, say.
    pub event_type: String,
    /// How much it matters.
    pub priority: Priority,
    /// The particulars.
    pub payload: Payload,
    /// When it was made, in UTC: `2026-11-22 00:57:16.851438`.
    pub timestamp: String,
    /// What travels beside it.
    pub context: Context,
}

impl Notification {
    /// A notification of now, with a fresh message id.
    #[must_use]
    pub fn new(
        publisher_id: impl Into<String>,
        event_type: impl Into<String>,
        priority: Priority,
        payload: Payload,
    ) -> Self {
        Self {
            message_id: Uuid::new_v4().to_string(),
            publisher_id: publisher_id.into(),
            event_type: event_type.into(),
            priority,
            payload,
            timestamp: timestamp(Timestamp::now()),
            context: Context::new(),
        }
    }

    /// Adds what travels beside it.
    #[must_use]
    pub fn with_context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }
}

/// A time as Python's `str(datetime.utcnow())` writes it, always with microseconds.
fn timestamp(time: Timestamp) -> String {
    let time = TimeZone::UTC.to_datetime(time);
    let (year, month, day) = (time.year(), time.month(), time.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let micros = time.subsec_nanosecond() / 1000;
    // Digit by digit: a format takes longer than all the rest of a notification's making.
    let mut text = String::with_capacity("0000-00-00 00:00:00.000000".len());
    put(&mut text, year.unsigned_abs().into(), 4);
    for (before, number) in [('-', month), ('-', day), (' ', hour), (':', minute), (':', second)] {
        text.push(before);
        put(&mut text, number.unsigned_abs().into(), 2);
    }
    text.push('.');
    put(&mut text, micros.unsigned_abs(), 6);
    text
}

/// Writes so many digits of a number.
fn put(text: &mut String, number: u32, digits: u32) {
    let digit = |place: u32| number / 10_u32.pow(place) % 10;
    text.extend((0..digits).rev().filter_map(|place| char::from_digit(digit(place), 10)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timestamp_is_that_of_oslo_messaging() {
        let time: Timestamp = "2026-11-22T00:57:16.851438Z".parse().expect("a time");
        assert_eq!(timestamp(time), "2026-11-22 00:57:16.851438");
        let time: Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
        assert_eq!(timestamp(time), "2026-01-02 03:04:05.000000");
    }
}

use regex::Regex;
use serde_json::{Map, Value};

use crate::notify::Notification;
use crate::{Error, ErrorKind, Result};

/// Which notifications an endpoint wants: regular expressions on their fields, all of which must
/// match. oslo.messaging's `NotificationFilter`.
///
/// # Behavior
/// - As there (and in Python's `re.match`), an expression must match from the first character on,
///   not up to the last: `compute` matches `compute.instance`; add `$` for the whole.
/// - A field that is missing, or that is no string, does not match; nor do payloads that are no
///   object match an expression on one of their values.
/// - The syntax is that of the crate `regex`: without look-around and back-references.
///
/// ```
/// use busway_core::Payload;
/// use busway_core::notify::{Notification, NotificationFilter, Priority};
/// use serde_json::json;
///
/// let filter = NotificationFilter::new()
///     .event_type(r"compute\.instance\.")?
///     .payload("state", "^active$")?;
/// let payload = Payload::of(&json!({ "state": "active" }))?;
/// let created = Notification::new("nova", "compute.instance.create", Priority::Info, payload);
/// assert!(filter.matches(&created));
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct NotificationFilter {
    publisher_id: Option<Regex>,
    event_type: Option<Regex>,
    context: Vec<(String, Regex)>,
    metadata: Vec<(Metadata, Regex)>,
    payload: Vec<(String, Regex)>,
}

#[derive(Clone, Copy, Debug)]
enum Metadata {
    MessageId,
    Timestamp,
}

impl NotificationFilter {
    /// A filter that lets everything through.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An expression on who tells.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when it is no regular expression.
    pub fn publisher_id(mut self, pattern: &str) -> Result<Self> {
        self.publisher_id = Some(regex(pattern)?);
        Ok(self)
    }

    /// An expression on what happened.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when it is no regular expression.
    pub fn event_type(mut self, pattern: &str) -> Result<Self> {
        self.event_type = Some(regex(pattern)?);
        Ok(self)
    }

    /// An expression on a value of the context.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when it is no regular expression.
    pub fn context(mut self, key: impl Into<String>, pattern: &str) -> Result<Self> {
        self.context.push((key.into(), regex(pattern)?));
        Ok(self)
    }

    /// An expression on the metadata `message_id` or `timestamp`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when it is no regular expression, or for other metadata:
    /// there is none.
    pub fn metadata(mut self, key: &str, pattern: &str) -> Result<Self> {
        let key = match key {
            "message_id" => Metadata::MessageId,
            "timestamp" => Metadata::Timestamp,
            other => {
                let message = format!("no metadata '{other}': expected message_id or timestamp");
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
        };
        self.metadata.push((key, regex(pattern)?));
        Ok(self)
    }

    /// An expression on a value of the payload.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when it is no regular expression.
    pub fn payload(mut self, key: impl Into<String>, pattern: &str) -> Result<Self> {
        self.payload.push((key.into(), regex(pattern)?));
        Ok(self)
    }

    /// Whether a notification is let through.
    #[must_use]
    pub fn matches(&self, notification: &Notification) -> bool {
        let field = |regex: &Option<Regex>, text: &str| {
            regex.as_ref().is_none_or(|regex| matches_from_start(regex, text))
        };
        field(&self.publisher_id, &notification.publisher_id)
            && field(&self.event_type, &notification.event_type)
            && all_match(&self.context, notification.context.values())
            && self.metadata_matches(notification)
            && self.payload_matches(notification)
    }

    fn metadata_matches(&self, notification: &Notification) -> bool {
        self.metadata.iter().all(|(key, regex)| match key {
            Metadata::MessageId => matches_from_start(regex, &notification.message_id),
            Metadata::Timestamp => matches_from_start(regex, &notification.timestamp),
        })
    }

    fn payload_matches(&self, notification: &Notification) -> bool {
        // The payload is read only if somebody asks for it.
        self.payload.is_empty()
            || notification.payload.to().is_ok_and(|values| all_match(&self.payload, &values))
    }
}

fn regex(pattern: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|error| {
        let message = format!("'{pattern}' is no regular expression");
        Error::new(ErrorKind::InvalidArgument, message).because(error)
    })
}

fn all_match(patterns: &[(String, Regex)], values: &Map<String, Value>) -> bool {
    patterns.iter().all(|(key, regex)| {
        let text = values.get(key).and_then(Value::as_str);
        text.is_some_and(|text| matches_from_start(regex, text))
    })
}

/// The leftmost match is at the start if there is any match at the start.
fn matches_from_start(regex: &Regex, text: &str) -> bool {
    regex.find(text).is_some_and(|found| found.start() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::Priority;
    use crate::{Context, Payload};
    use serde_json::json;

    fn notification(payload: &Value) -> Notification {
        let payload = Payload::of(payload).expect("JSON");
        let mut made = Notification::new("compute.host-1", "compute.a.b", Priority::Info, payload)
            .with_context(Context::new().with("tenant", "t1").with("roles", json!(["x"])));
        made.timestamp = "2026-11-22 00:57:16.851438".to_owned();
        made
    }

    fn filter() -> NotificationFilter {
        NotificationFilter::new()
    }

    #[test]
    fn an_expression_matches_from_the_start_but_not_to_the_end() {
        let notification = notification(&json!({}));
        for (pattern, expected) in [
            ("compute", true),
            ("a", false),
            (".*a", true),
            ("b|compute", true),
            ("compute$", false),
        ] {
            let filter = filter().event_type(pattern).expect("a regex");
            assert_eq!(filter.matches(&notification), expected, "{pattern}");
        }
    }

    #[test]
    fn every_field_can_be_asked_for() {
        let notification = notification(&json!({ "state": "active", "n": 1 }));
        let cases = [
            (filter().publisher_id("compute"), true),
            (filter().publisher_id("volume"), false),
            (filter().context("tenant", "^t1$"), true),
            (filter().context("tenant", "^t2$"), false),
            (filter().context("roles", "x"), false),
            (filter().context("missing", ""), false),
            (filter().metadata("timestamp", "2026-11"), true),
            (filter().metadata("message_id", "!"), false),
            (filter().payload("state", "act"), true),
            (filter().payload("n", "1"), false),
            (filter().payload("missing", ""), false),
        ];
        for (i, (filter, expected)) in cases.into_iter().enumerate() {
            assert_eq!(filter.expect("a regex").matches(&notification), expected, "case {i}");
        }
    }

    #[test]
    fn all_expressions_must_match() {
        let filter = filter().publisher_id("compute").and_then(|filter| filter.event_type("x"));
        assert!(!filter.expect("a regex").matches(&notification(&json!({}))));
    }

    #[test]
    fn a_payload_that_is_no_object_matches_no_key() {
        let filter = filter().payload("state", "").expect("a regex");
        for payload in [json!("state"), json!(["state"]), json!(null)] {
            assert!(!filter.matches(&notification(&payload)), "{payload}");
        }
    }

    #[test]
    fn what_cannot_be_asked_for_is_an_error() {
        for error in [filter().event_type("("), filter().metadata("size", "")] {
            assert_eq!(error.expect_err("wrong").kind(), ErrorKind::InvalidArgument);
        }
    }
}

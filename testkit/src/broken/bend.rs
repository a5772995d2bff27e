//! How sins bend what is sent: targets, requests, bodies, notifications.

use busway_core::driver::Request;
use busway_core::notify::{Notification, Priority};
use busway_core::{Context, Payload, Result, Target};
use serde_json::{Map, Value};

use super::Sin;

/// A body over this is large.
const LARGE: usize = 64 * 1024;
/// A nesting over this is deep.
const DEEP: usize = 16;
/// What a wire format may use for itself.
const ODD: [&str; 4] = ["", "method", "args", "_msg_id"];

impl Sin {
    /// The target of a request, or of a server.
    pub(super) fn target(self, target: &Target) -> Target {
        let mut bent = Target::default().with_fanout(target.fanout());
        if let Some(topic) = target.topic() {
            bent = bent.with_topic(self.topic(topic));
        }
        match target.exchange() {
            Some(_) if self == Self::IgnoresExchanges => {}
            None if self == Self::IgnoresConfiguredExchange => bent = bent.with_exchange("same"),
            Some(exchange) => bent = bent.with_exchange(exchange),
            None => {}
        }
        match target.server() {
            Some(server) => bent.with_server(server),
            None => bent,
        }
    }

    fn topic(self, topic: &str) -> String {
        match self {
            Self::IgnoresTopics => "same".to_owned(),
            Self::IgnoresPunctuation => {
                topic.to_lowercase().replace(|letter: char| letter.is_ascii_punctuation(), ".")
            }
            _ => topic.to_owned(),
        }
    }

    /// The target of a notification, or of a listener.
    pub(super) fn notification_target(self, target: &Target) -> Target {
        match self {
            Self::IgnoresNotificationTopics => {
                let target = target.clone();
                target.with_topic("same")
            }
            Self::IgnoresExchanges => self.target(target),
            _ => target.clone(),
        }
    }

    /// The request as it travels.
    pub(super) fn request(self, mut request: Request) -> Result<Request> {
        request.args = self.body(request.args)?;
        match self {
            Self::DropsNamespaces => request.namespace = None,
            Self::DropsVersions => request.version = None,
            _ => request.context = self.context(request.context),
        }
        Ok(request)
    }

    fn context(self, context: Context) -> Context {
        match self {
            Self::DropsContexts => Context::new(),
            Self::ShortensContexts => {
                let last = context.into_values().into_iter().next_back();
                last.into_iter().collect::<Map<_, _>>().into()
            }
            _ => context,
        }
    }

    /// Arguments, a result or a payload as it travels.
    pub(super) fn body(self, body: Payload) -> Result<Payload> {
        let rewritten = |rewrite: fn(Value) -> Value| Payload::of(&rewrite(body.to()?));
        match self {
            Self::ManglesText => rewritten(|value| texts(value, ascii)),
            Self::RoundsNumbers => rewritten(round),
            Self::DropsNulls => rewritten(|value| members(value, &|_, value| !value.is_null())),
            Self::DropsOddKeys => rewritten(|value| members(value, &|key, _| !ODD.contains(&key))),
            Self::TruncatesBodies if body.as_json().len() > LARGE => Ok(Payload::empty_object()),
            Self::FlattensBodies => rewritten(|value| flatten(value, DEEP)),
            _ => Ok(body),
        }
    }

    /// The notification as it travels.
    pub(super) fn notification(self, mut notification: Notification) -> Result<Notification> {
        notification.payload = self.body(notification.payload)?;
        notification.context = self.context(notification.context);
        match self {
            Self::IgnoresPriorities => notification.priority = Priority::Info,
            Self::RenamesNotifications => {
                "new".clone_into(&mut notification.message_id);
                "now".clone_into(&mut notification.timestamp);
            }
            _ => {}
        }
        Ok(notification)
    }
}

fn ascii(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_graphic() { letter } else { '?' }).collect()
}

fn texts(value: Value, change: fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(&text)),
        Value::Array(items) => items.into_iter().map(|item| texts(item, change)).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (change(&key), texts(value, change))).collect()
        }
        other => other,
    }
}

fn round(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(items) => items.into_iter().map(round).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (key, round(value))).collect()
        }
        other => other,
    }
}

fn members(value: Value, keep: &dyn Fn(&str, &Value) -> bool) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| members(item, keep)).collect(),
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(key, value)| keep(key, value));
            kept.map(|(key, value)| (key, members(value, keep))).collect()
        }
        other => other,
    }
}

fn flatten(value: Value, levels: usize) -> Value {
    match value {
        Value::Array(_) | Value::Object(_) if levels == 0 => Value::Null,
        Value::Array(items) => items.into_iter().map(|item| flatten(item, levels - 1)).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (key, flatten(value, levels - 1))).collect()
        }
        other => other,
    }
}

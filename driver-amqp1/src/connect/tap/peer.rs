//! What the peer says of itself, and why it leaves.

use std::time::Duration;

use busway_core::{Error, ErrorKind};
use fe2o3_amqp::types::definitions;
use fe2o3_amqp::types::performatives::{Close, Open};
use fe2o3_amqp::types::primitives::{Symbol, Value};

/// The most that is kept of the peer's description of an error, in bytes.
const LONGEST: usize = 1000;

/// What the peer's Open says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The name of the product: `qpid-cpp`, `RabbitMQ`, …
    pub(crate) product: Option<String>,
    /// The largest frame that it takes, in bytes.
    pub(crate) max_frame_size: u32,
    /// The highest number of a channel that it takes.
    pub(crate) channel_max: u16,
    /// How long we may be silent.
    pub(crate) idle_time_out: Option<Duration>,
    /// Whether a Close with the reason follows at once.
    pub(in crate::connect) refuses: bool,
}

impl Peer {
    pub(super) fn read(open: Open) -> Self {
        let properties = open.properties.unwrap_or_default();
        let property = |name: &str| properties.get(&Symbol::from(name));
        let product = match property("product") {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Symbol(symbol)) => Some(symbol.as_str().to_owned()),
            _ => None,
        };
        let refuses =
            matches!(property("amqp:connection-establishment-failed"), Some(Value::Bool(true)));
        let millis = open.idle_time_out.filter(|millis| *millis != 0);
        Self {
            product,
            max_frame_size: open.max_frame_size.0,
            channel_max: open.channel_max.0,
            idle_time_out: millis.map(|millis| Duration::from_millis(millis.into())),
            refuses,
        }
    }
}

/// Why a stream has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::connect) struct Words {
    kind: ErrorKind,
    message: String,
}

impl Words {
    pub(in crate::connect) fn new(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Connection, message: message.into() }
    }

    pub(super) fn of(error: &Error) -> Self {
        Self { kind: error.kind(), message: error.message().to_owned() }
    }

    /// What the peer's Close says.
    pub(super) fn read(close: Close) -> Self {
        let Some(error) = close.error else {
            return Self::new("the peer closed the connection");
        };
        let condition = condition(&error);
        if condition == "amqp:connection:redirect" {
            return Self::redirect(&error);
        }
        let kind = match condition.as_str() {
            "amqp:unauthorized-access"
            | "amqp:not-found"
            | "amqp:not-allowed"
            | "amqp:not-implemented"
            | "amqp:invalid-field"
            | "amqp:precondition-failed" => ErrorKind::Refused,
            _ => ErrorKind::Connection,
        };
        let mut message = format!("the peer closed the connection: {condition}");
        if let Some(description) = error.description.filter(|text| !text.is_empty()) {
            message.push_str(": ");
            message.push_str(beginning(&description));
        }
        Self { kind, message }
    }

    /// The peer wants us elsewhere. Which hosts are trusted is the user's affair.
    fn redirect(error: &definitions::Error) -> Self {
        let info = error.info.as_ref();
        let text = |name: &str| match info?.get(&Symbol::from(name))? {
            Value::String(text) => Some(beginning(text).to_owned()),
            Value::Symbol(symbol) => Some(beginning(symbol.as_str()).to_owned()),
            Value::Ushort(number) => Some(number.to_string()),
            Value::Uint(number) => Some(number.to_string()),
            _ => None,
        };
        let host = text("network-host").or_else(|| text("hostname"));
        let to = match (host, text("port")) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host,
            _ => "another host".to_owned(),
        };
        let message =
            format!("the peer redirects to {to}, which is not followed: name it in the URL");
        Self { kind: ErrorKind::Refused, message }
    }

    pub(in crate::connect) fn to_error(&self) -> Error {
        Error::new(self.kind, self.message.clone())
    }
}

/// The name of an error's condition.
fn condition(error: &definitions::Error) -> String {
    let symbol = serde_amqp::to_vec(&error.condition)
        .and_then(|bytes| serde_amqp::from_slice::<Symbol>(&bytes));
    symbol.map_or_else(|_| "an error".to_owned(), |symbol| beginning(symbol.as_str()).to_owned())
}

fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp::types::definitions::{AmqpError, ConnectionError, ErrorCondition, Fields};

    use super::*;

    fn words(
        condition: impl Into<ErrorCondition>,
        description: Option<&str>,
        info: Option<Fields>,
    ) -> Error {
        let error = definitions::Error::new(condition, description.map(str::to_owned), info);
        Words::read(Close { error: Some(error) }).to_error()
    }

    #[test]
    fn the_peers_own_words_are_told() {
        let error = words(AmqpError::NotFound, Some("no such vhost"), None);
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.message().ends_with("amqp:not-found: no such vhost"), "{error}");
        let error = words(ConnectionError::ConnectionForced, None, None);
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert!(error.message().ends_with("amqp:connection:forced"), "{error}");
        let error = words(ErrorCondition::Custom("qpid:own".into()), Some(""), None);
        assert!(error.message().ends_with("qpid:own"), "{error}");
        assert_eq!(Words::read(Close { error: None }).to_error().kind(), ErrorKind::Connection);
    }

    #[test]
    fn a_redirect_names_where_to() {
        let mut info = Fields::new();
        info.insert(Symbol::from("hostname"), Value::String("v".to_owned()));
        info.insert(Symbol::from("network-host"), Value::String("elsewhere".to_owned()));
        info.insert(Symbol::from("port"), Value::Ushort(5673));
        let error = words(ConnectionError::Redirect, None, Some(info));
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.message().contains("elsewhere:5673"), "{error}");
        let error = words(ConnectionError::Redirect, None, None);
        assert!(error.message().contains("another host"), "{error}");
    }

    #[test]
    fn a_long_description_is_cut() {
        let error = words(AmqpError::NotFound, Some(&"ä".repeat(5000)), None);
        assert!(error.message().len() < LONGEST + 100);
    }

    #[test]
    fn the_open_tells_the_product() {
        let mut properties = Fields::new();
        properties.insert(Symbol::from("product"), Value::String("qpid-cpp".to_owned()));
        let open = Open {
            container_id: "c".to_owned(),
            hostname: None,
            max_frame_size: 4096.into(),
            channel_max: 63.into(),
            idle_time_out: Some(1500),
            outgoing_locales: None,
            incoming_locales: None,
            offered_capabilities: None,
            desired_capabilities: None,
            properties: Some(properties),
        };
        let expected = Peer {
            product: Some("qpid-cpp".to_owned()),
            max_frame_size: 4096,
            channel_max: 63,
            idle_time_out: Some(Duration::from_millis(1500)),
            refuses: false,
        };
        assert_eq!(Peer::read(open.clone()), expected);
        let silent = Peer::read(Open { idle_time_out: Some(0), properties: None, ..open });
        assert_eq!((silent.product, silent.idle_time_out), (None, None));
    }
}

//! What clients published, as it was on the wire.

use std::time::Duration;

use amq_protocol::frame::AMQPFrame;
use amq_protocol::protocol::{AMQPClass, basic};
use busway_core::{Format, Limits};
use busway_tests::Tap;
use serde_json::Value;
use tokio::time::Instant;

/// One message that a client published.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) at: Instant,
    pub(crate) routing_key: String,
    pub(crate) content_type: String,
    pub(crate) delivery_mode: Option<u8>,
    body: Vec<u8>,
}

impl Published {
    /// The body, read as this format.
    pub(crate) fn read(&self, format: Format) -> busway_core::Result<Value> {
        format.decode(&self.body, &Limits::default())?.to()
    }
}

/// What was published to an exchange, in the order in which it was.
pub(crate) fn published(tap: &Tap, exchange: &str) -> Vec<Published> {
    let frames = tap.frames();
    let mut found = Vec::new();
    for (at, said) in frames.iter().enumerate() {
        let AMQPFrame::Method(channel, AMQPClass::Basic(basic::AMQPMethod::Publish(publish))) =
            &said.frame
        else {
            continue;
        };
        if publish.exchange.as_str() != exchange {
            continue;
        }
        let mut published = Published {
            at: said.at,
            routing_key: publish.routing_key.to_string(),
            content_type: String::new(),
            delivery_mode: None,
            body: Vec::new(),
        };
        let mine = frames[at + 1..]
            .iter()
            .filter(|it| it.connection == said.connection && it.frame.channel_id() == *channel);
        for part in mine {
            match &part.frame {
                AMQPFrame::Header(_, header) => {
                    let properties = &header.properties;
                    let content_type = properties.content_type().as_ref();
                    published.content_type = content_type.expect("a type").to_string();
                    published.delivery_mode = *properties.delivery_mode();
                }
                AMQPFrame::Body(_, part) => published.body.extend_from_slice(part),
                _ => break,
            }
        }
        found.push(published);
    }
    found
}

/// What was published to an exchange with this routing key.
pub(crate) fn published_to(tap: &Tap, exchange: &str, routing_key: &str) -> Vec<Published> {
    let mut all = published(tap, exchange);
    all.retain(|it| it.routing_key == routing_key);
    all
}

/// Each was sent no earlier than so long after the one before.
#[track_caller]
pub(crate) fn assert_apart(sent: &[Published], delay: Duration) {
    for pair in sent.windows(2) {
        let gap = pair[1].at - pair[0].at;
        assert!(gap >= delay, "sent again after {gap:?}");
    }
}

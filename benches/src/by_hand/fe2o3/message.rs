use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fe2o3_amqp::Sendable;
use fe2o3_amqp::types::messaging::{AmqpValue, Header, Message, MessageId, Properties};
use fe2o3_amqp::types::primitives::Timestamp;

pub(super) type Text = AmqpValue<String>;

/// What stands in a message besides its body.
#[derive(Default)]
pub(super) struct Head<'a> {
    pub(super) to: &'a str,
    pub(super) message_id: Option<String>,
    pub(super) correlation_id: Option<String>,
    pub(super) reply_to: Option<&'a str>,
    pub(super) expiry: Option<Duration>,
}

pub(super) fn message(head: Head<'_>, body: String, settled: bool) -> Sendable<Text> {
    let millis = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    let header = head.expiry.map(|time| Header { ttl: Some(millis(time)), ..Header::default() });
    let properties = Properties {
        message_id: head.message_id.map(MessageId::from),
        correlation_id: head.correlation_id.map(MessageId::from),
        to: Some(head.to.to_owned()),
        reply_to: head.reply_to.map(str::to_owned),
        absolute_expiry_time: head.expiry.map(after),
        ..Properties::default()
    };
    let message = Message {
        header,
        delivery_annotations: None,
        message_annotations: None,
        properties: Some(properties),
        application_properties: None,
        body: AmqpValue(body),
        footer: None,
    };
    Sendable::builder().message(message).settled(settled).build()
}

fn after(time: Duration) -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_milliseconds(i64::try_from((now + time).as_millis()).unwrap_or(i64::MAX))
}

/// How long it is until then.
pub(super) fn until(time: &Timestamp) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let then = u64::try_from(time.milliseconds()).unwrap_or(0);
    Duration::from_millis(then).saturating_sub(now)
}

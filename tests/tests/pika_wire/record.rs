//! What was said, in the form of the recorded samples: names that are fresh each time, made the
//! same.

use amq_protocol::frame::AMQPFrame;
use amq_protocol::protocol::{AMQPClass, basic, exchange, queue};
use amq_protocol::types::{AMQPValue, FieldTable};
use regex::Regex;
use serde_json::{Map, Value, json};

use busway_tests::Tap;

/// The declarations, subscriptions and messages of a client.
pub(crate) fn records(tap: &Tap) -> Vec<Value> {
    let frames = tap.frames();
    let mut records = Vec::new();
    for (at, said) in frames.iter().enumerate() {
        let AMQPFrame::Method(channel, class) = &said.frame else { continue };
        let Some(mut record) = method(class) else { continue };
        if record["method"] == "basic.publish" {
            let rest = frames[at + 1..].iter();
            let mine = rest
                .filter(|it| it.connection == said.connection && it.frame.channel_id() == *channel);
            content(&mut record, mine.map(|it| &it.frame));
        }
        records.push(record);
    }
    records.into_iter().map(same).collect()
}

fn method(class: &AMQPClass) -> Option<Value> {
    Some(match class {
        AMQPClass::Basic(basic::AMQPMethod::Qos(it)) => json!({
            "method": "basic.qos",
            "args": { "size": 0, "count": it.prefetch_count, "global": it.global },
        }),
        AMQPClass::Basic(basic::AMQPMethod::Consume(it)) => json!({
            "method": "basic.consume",
            "args": {
                "queue": it.queue.as_str(), "tag": it.consumer_tag.as_str(),
                "no_local": it.no_local, "no_ack": it.no_ack, "exclusive": it.exclusive,
                "nowait": it.nowait, "arguments": table(&it.arguments),
            },
        }),
        AMQPClass::Basic(basic::AMQPMethod::Publish(it)) => json!({
            "method": "basic.publish",
            "args": {
                "exchange": it.exchange.as_str(), "routing_key": it.routing_key.as_str(),
                "mandatory": it.mandatory, "immediate": it.immediate,
            },
        }),
        AMQPClass::Exchange(exchange::AMQPMethod::Declare(it)) => json!({
            "method": "exchange.declare",
            "args": {
                "exchange": it.exchange.as_str(), "type": it.kind.as_str(), "passive": it.passive,
                "durable": it.durable, "auto_delete": it.auto_delete, "internal": it.internal,
                "nowait": it.nowait, "arguments": table(&it.arguments),
            },
        }),
        AMQPClass::Queue(queue::AMQPMethod::Declare(it)) => json!({
            "method": "queue.declare",
            "args": {
                "queue": it.queue.as_str(), "passive": it.passive, "durable": it.durable,
                "exclusive": it.exclusive, "auto_delete": it.auto_delete, "nowait": it.nowait,
                "arguments": table(&it.arguments),
            },
        }),
        AMQPClass::Queue(queue::AMQPMethod::Bind(it)) => json!({
            "method": "queue.bind",
            "args": {
                "queue": it.queue.as_str(), "exchange": it.exchange.as_str(),
                "routing_key": it.routing_key.as_str(), "nowait": it.nowait,
                "arguments": table(&it.arguments),
            },
        }),
        _ => return None,
    })
}

fn table(table: &FieldTable) -> Value {
    let typed = |value: &AMQPValue| match value {
        AMQPValue::LongInt(number) => json!({ "_t": "I", "v": number }),
        AMQPValue::LongString(text) => json!(text.to_string()),
        other => json!(format!("{other:?}")),
    };
    let pairs = table.inner().iter();
    Value::Object(pairs.map(|(key, value)| (key.to_string(), typed(value))).collect())
}

/// Adds the properties and the body of a message.
fn content<'a>(record: &mut Value, frames: impl Iterator<Item = &'a AMQPFrame>) {
    let mut body = Vec::new();
    for frame in frames {
        match frame {
            AMQPFrame::Header(_, header) => record["properties"] = properties(&header.properties),
            AMQPFrame::Body(_, part) => body.extend_from_slice(part),
            _ => break,
        }
    }
    record["size"] = body.len().into();
    record["json"] = serde_json::from_slice(&body).expect("a JSON body");
}

fn properties(it: &basic::AMQPProperties) -> Value {
    let text = |value: &Option<amq_protocol::types::ShortString>| {
        value.as_ref().map(|value| Value::from(value.as_str()))
    };
    let named = [
        ("content_type", text(it.content_type())),
        ("headers", it.headers().as_ref().map(table)),
        ("delivery_mode", it.delivery_mode().map(Value::from)),
        ("correlation_id", text(it.correlation_id())),
        ("reply_to", text(it.reply_to())),
        ("expiration", text(it.expiration())),
        ("message_id", text(it.message_id())),
        ("content_encoding", text(it.content_encoding())),
        ("priority", it.priority().map(Value::from)),
        ("type", text(it.kind())),
        ("app_id", text(it.app_id())),
    ];
    let set = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(set.collect::<Map<_, _>>())
}

/// Makes the same what is fresh each time: identifiers, programs' names, times, tracebacks, sizes.
pub(crate) fn same(mut record: Value) -> Value {
    if let Some(record) = record.as_object_mut() {
        record.remove("connection");
        record.remove("size");
    }
    if let Some(failure) = record.pointer_mut("/json/e/t") {
        *failure = json!(["(traceback)"]);
    }
    if let Some(expiration) = record.pointer_mut("/properties/expiration") {
        let millis: u64 = expiration.as_str().and_then(|it| it.parse().ok()).expect("a number");
        assert!((1..=5000).contains(&millis), "an expiration of {millis} ms");
        *expiration = json!("(remaining)");
    }
    let patterns = [
        (r"reply\.[^.]+\..+\.[0-9a-f]{32}", "reply.PROJECT.PROGRAM.HEX"),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
        (r"[0-9a-f]{32}", "HEX"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", "TIME"),
    ];
    let mut text = record.to_string();
    for (pattern, stand_in) in patterns {
        let pattern = Regex::new(pattern).expect("a pattern");
        text = pattern.replace_all(&text, stand_in).into_owned();
    }
    serde_json::from_str(&text).expect("JSON again")
}

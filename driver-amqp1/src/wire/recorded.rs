//! What oslo.messaging's own driver said, as it was recorded: we say the same, and understand it.

use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::{Envelope, Outcome, Request};
use busway_core::notify::{Notification, Priority};
use busway_core::{Context, Limits, Payload, RemoteError, Target};
use fe2o3_amqp::types::messaging::{AmqpValue, Body, Message, MessageId};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::AmqpOptions;

/// A recorded message, as a reader of AMQP 1.0 showed it; times to live are as it came.
struct Sample(Value);

impl Sample {
    fn all() -> Vec<Self> {
        let lines = include_str!("recorded.jsonl").lines();
        lines.map(|line| Self(serde_json::from_str(line).expect("a sample"))).collect()
    }

    /// The one whose field has this value.
    fn of(pointer: &str, value: &str) -> Self {
        let mut found = Self::all().into_iter();
        found.find(|sample| sample.0.pointer(pointer) == Some(&json!(value))).expect(value)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0[key].as_str()
    }

    fn ttl(&self) -> Option<Duration> {
        let seconds = self.0["ttl_seconds"].as_f64().expect("seconds");
        (seconds > 0.0).then(|| Duration::from_secs_f64(seconds))
    }

    /// The message as it arrives.
    fn message(&self) -> Message<Body<serde_amqp::Value>> {
        let id = |key: &str| self.text(key).map(|id| MessageId::from(id.to_owned()));
        let body = match &self.0["body"] {
            Value::Null => serde_amqp::Value::Null,
            body => serde_amqp::Value::String(body.to_string()),
        };
        let ttl = self.ttl().map(|ttl| u32::try_from(ttl.as_millis()).expect("a short time"));
        let properties = fe2o3_amqp::types::messaging::Properties {
            message_id: id("message_id"),
            correlation_id: id("correlation_id"),
            reply_to: self.text("reply_to").map(str::to_owned),
            to: self.text("to").map(str::to_owned),
            ..Default::default()
        };
        let header = fe2o3_amqp::types::messaging::Header { ttl, ..Default::default() };
        Message {
            header: Some(header),
            delivery_annotations: None,
            message_annotations: None,
            properties: Some(properties),
            application_properties: None,
            body: Body::Value(AmqpValue(body)),
            footer: None,
        }
    }

    fn arrived(&self) -> Arrived {
        Arrived::read(self.message(), Instant::now()).expect("readable")
    }
}

/// A body as JSON, with the JSON texts in it as JSON too: spaces and order do not count.
fn opened(mut body: Value) -> Value {
    for pointer in ["/failure", "/request/oslo.message"] {
        if let Some(text) = body.pointer_mut(pointer) {
            *text = serde_json::from_str(text.as_str().expect("text")).expect("JSON");
        }
    }
    body
}

fn json_of(body: &str) -> Value {
    opened(serde_json::from_str(body).expect("JSON"))
}

/// What is sent, as a sample tells it.
fn sent(outgoing: &Outgoing, to: &str, reply_to: Option<&str>) -> Value {
    let message = outgoing.transmission(to, reply_to, false).message;
    let properties = message.properties.expect("properties");
    let id = |id: Option<MessageId>| match id {
        Some(MessageId::String(id)) => Some(id),
        None => None,
        Some(other) => panic!("{other:?} is no text"),
    };
    let header = message.header.unwrap_or_default();
    let (body_type, body) = match message.body.0 {
        None => ("NoneType", Value::Null),
        Some(text) => ("str", json_of(&text)),
    };
    json!({
        "body_type": body_type, "body": body,
        "message_id": id(properties.message_id), "correlation_id": id(properties.correlation_id),
        "reply_to": properties.reply_to, "to": properties.to,
        "ttl_seconds": f64::from(header.ttl.unwrap_or(0)) / 1000.0,
        "has_absolute_expiry": properties.absolute_expiry_time.is_some(),
        "durable": header.durable, "content_type": properties.content_type.map(|it| it.0),
        "application_properties": message.application_properties.map(|_| "some"),
        "subject": properties.subject,
    })
}

/// A sample with what stands beside the message left out.
fn as_sent(sample: &Sample) -> Value {
    let mut value = sample.0.clone();
    let fields = value.as_object_mut().expect("an object");
    for beside in ["kind", "address"] {
        fields.remove(beside);
    }
    let body = opened(fields["body"].take());
    fields["body"] = body;
    value
}

fn outgoing(sample: &Sample, body: Option<String>, expires: bool) -> Outgoing {
    let id = |key: &str| sample.text(key).map(Arc::<str>::from);
    let expiry = sample.ttl().filter(|_| expires).map(|ttl| Instant::now() + ttl);
    Outgoing {
        body: body.map(Arc::from),
        expiry,
        message_id: id("message_id"),
        correlation_id: id("correlation_id").map(|id| Arc::new(MessageId::from(id.to_string()))),
        at_most_once: false,
    }
}

fn context() -> Context {
    Context::new().with("user_id", "u1").with("request_id", "req-1")
}

fn request(method: &str, message: &str) -> Request {
    Request {
        method: method.into(),
        args: Payload::of(&json!({ "message": message })).expect("JSON"),
        version: Some("1.1".parse().expect("a version")),
        namespace: None,
        context: context(),
    }
}

fn address(target: &Target) -> Arc<str> {
    let addresses = Addresses::new(&AmqpOptions::default(), "openstack", None, None);
    addresses.of(&Destination::of_request(target).expect("a destination"))
}

/// The recorded requests, with what was asked for.
fn requests() -> Vec<(Sample, Target, Request, Option<Duration>)> {
    let topic = || Target::new("topic");
    let method = |name| Sample::of("/body/request/method", name);
    let to = |address| Sample::of("/address", address);
    let monitored = Some(Duration::from_secs(2));
    vec![
        (method("echo"), topic(), request("echo", "hi"), None),
        (method("slow"), topic(), request("slow", "hi"), monitored),
        (to("exclusive.openstack.topic.h1"), topic().with_server("h1"), request("note", "c"), None),
        (
            to("broadcast.openstack.topic.all"),
            topic().with_fanout(true),
            request("note", "f"),
            None,
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn requests_are_said_as_oslo_messaging_says_them() {
    for (sample, target, request, monitored) in requests() {
        let to = address(&target);
        assert_eq!(sample.text("address"), Some(&*to));
        let body = encode_request(&request, monitored, &Limits::default()).expect("encodable");
        let outgoing = outgoing(&sample, Some(body), true);
        assert_eq!(sent(&outgoing, &to, sample.text("reply_to")), as_sent(&sample));
    }
}

#[tokio::test(start_paused = true)]
async fn requests_of_oslo_messaging_are_understood() {
    for (sample, _, expected, monitored) in requests() {
        let arrived = sample.arrived();
        let body = arrived.body.as_deref().expect("a body");
        let (request, timeout) = decode_request(body, &Limits::default()).expect("readable");
        assert_eq!(request.method, expected.method);
        assert_eq!(json_of(request.args.as_json()), json_of(expected.args.as_json()));
        assert_eq!((request.version, request.namespace), (expected.version, None));
        assert_eq!(request.context, expected.context);
        assert_eq!(timeout, monitored);
        let id = sample.text("message_id").map(|id| MessageId::from(id.to_owned()));
        assert_eq!(arrived.message_id.as_deref(), id.as_ref());
        assert_eq!(arrived.reply_to.as_deref(), sample.text("reply_to"));
        let left = arrived.deadline.map(|deadline| deadline - Instant::now());
        assert_eq!(left, sample.ttl());
        assert!(!arrived.redelivered);
    }
}

fn failure() -> RemoteError {
    let sample = Sample::of("/correlation_id", "id1");
    let traceback = opened(sample.0["body"].clone())["failure"]["tb"].take();
    let traceback = serde_json::from_value(traceback).expect("lines");
    RemoteError::new("ValueError", "builtins", "boom x").with_traceback(traceback)
}

/// The recorded replies, with what was answered.
fn replies() -> Vec<(Sample, Outcome)> {
    let result = |value: Value| Ok(Payload::of(&value).expect("JSON"));
    vec![
        (Sample::of("/correlation_id", "id0"), result(json!({ "echo": "x" }))),
        (Sample::of("/correlation_id", "id1"), Err(failure())),
        (Sample::of("/body/response", "slow done"), result(json!("slow done"))),
    ]
}

#[test]
fn replies_are_said_as_oslo_messaging_says_them() {
    for (sample, outcome) in replies() {
        let body = encode_reply(&outcome, &Limits::default()).expect("encodable");
        let outgoing = outgoing(&sample, Some(body), false);
        let to = sample.text("to").expect("an address");
        assert_eq!(sent(&outgoing, to, None), as_sent(&sample));
    }
}

#[test]
fn replies_of_oslo_messaging_are_understood() {
    for (sample, expected) in replies() {
        let arrived = sample.arrived();
        let reply = decode_reply(arrived.body.as_deref(), &Limits::default()).expect("readable");
        let Reply::Outcome(outcome) = reply else { panic!("a heartbeat") };
        match (&outcome, &expected) {
            (Ok(reply), Ok(expected)) => {
                assert_eq!(json_of(reply.as_json()), json_of(expected.as_json()));
            }
            _ => assert_eq!(outcome, expected),
        }
        assert_eq!(arrived.correlation_id.as_deref(), sample.text("correlation_id"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_has_no_body_and_lives_as_long_as_the_caller_waits() {
    let sample = Sample::of("/body_type", "NoneType");
    let arrived = sample.arrived();
    let reply = decode_reply(arrived.body.as_deref(), &Limits::default()).expect("readable");
    assert!(matches!(reply, Reply::Heartbeat), "{reply:?}");
    let outgoing = outgoing(&sample, None, true);
    let mut sent = sent(&outgoing, sample.text("to").expect("an address"), None);
    // The time that remains stands there twice; oslo.messaging says it once.
    assert_eq!(sent["has_absolute_expiry"].take(), json!(true));
    sent["has_absolute_expiry"] = json!(false);
    assert_eq!(sent, as_sent(&sample));
}

fn notifications() -> Vec<(Sample, Envelope, Notification)> {
    let notification = |message_id: &str, timestamp: &str| {
        let payload = Payload::of(&json!({ "k": "v" })).expect("JSON");
        let fresh = Notification::new("pub1", "ev.type", Priority::Info, payload);
        Notification { message_id: message_id.into(), timestamp: timestamp.into(), ..fresh }
    };
    let v2 = ("4eb795d5-9f50-4ab1-800c-e7c6dfac0547", "2026-11-22 00:57:16.851438");
    let v1 = ("713af48a-fb93-46d5-af42-9b42a6093f71", "2026-11-22 00:57:16.858554");
    vec![
        (Sample::of("/body/request/oslo.version", "2.0"), Envelope::V2, notification(v2.0, v2.1)),
        (Sample::of("/body/request/message_id", v1.0), Envelope::V1, notification(v1.0, v1.1)),
    ]
}

#[test]
fn notifications_are_said_as_oslo_messaging_says_them() {
    let addresses = Addresses::new(&AmqpOptions::default(), "openstack", None, None);
    for (sample, envelope, told) in notifications() {
        let to = Destination::of_notifications(&Target::new("notes"), told.priority);
        let to = addresses.of(&to.expect("a destination"));
        let body = encode_notification(&told, envelope, &Limits::default()).expect("encodable");
        assert_eq!(sent(&outgoing(&sample, Some(body), false), &to, None), as_sent(&sample));
    }
}

#[test]
fn notifications_of_oslo_messaging_are_understood() {
    for (sample, _, expected) in notifications() {
        let arrived = sample.arrived();
        let body = arrived.body.as_deref().expect("a body");
        let told = decode_notification(body, &Limits::default()).expect("readable");
        let fields = |it: &Notification| {
            let payload = json_of(it.payload.as_json());
            json!([
                it.message_id,
                it.publisher_id,
                it.event_type,
                it.priority,
                payload,
                it.timestamp
            ])
        };
        assert_eq!(fields(&told), fields(&expected));
        assert!(told.context.is_empty());
    }
}

#[test]
fn every_sample_is_looked_at() {
    let looked_at = requests().len() + replies().len() + notifications().len() + 1;
    assert_eq!(Sample::all().len(), looked_at);
}

//! Nothing that comes makes us panic, and what we say we understand.

use std::time::Duration;

use busway_core::driver::{Envelope, Outcome, Request};
use busway_core::notify::{Notification, Priority};
use busway_core::{Context, ErrorKind, Limits, Payload, RemoteError, Version};
use fe2o3_amqp::types::messaging::{
    AmqpSequence, AmqpValue, Batch, Body, Data, Header, Message, MessageId, Properties,
};
use fe2o3_amqp::types::primitives::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_amqp::Value as Amqp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;

const LIMITS: Limits = Limits { max_size: 1 << 20, max_depth: 8 };

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("oslo.version")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(key(), inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,8}",
        prop::sample::select(vec![
            "request",
            "context",
            "method",
            "args",
            "version",
            "namespace",
            "response",
            "failure",
            "class",
            "tb",
            "oslo.version",
            "oslo.message",
            "call_monitor_timeout",
            "priority",
            "payload",
        ])
        .prop_map(str::to_owned),
    ]
}

fn object() -> impl Strategy<Value = Value> {
    btree_map(key(), value(), 0..4).prop_map(Value::from_iter)
}

fn payload(value: &Value) -> Payload {
    Payload::of(value).expect("JSON")
}

fn context(values: &Value) -> Context {
    Context::from(values.as_object().expect("an object").clone())
}

prop_compose! {
    fn request()(
        method in ".{0,12}",
        args in object(),
        version in proptest::option::of((0..9_u32, 0..9_u32)),
        namespace in proptest::option::of(".{0,8}"),
        values in object(),
    ) -> Request {
        Request {
            method: method.into(),
            args: payload(&args),
            version: version.map(|(major, minor)| Version::new(major, minor)),
            namespace: namespace.map(Into::into),
            context: context(&values),
        }
    }
}

proptest! {
    #[test]
    fn a_request_that_is_read_is_the_one_that_was_written(
        request in request(),
        millis in proptest::option::of(1..100_000_u64),
    ) {
        let timeout = millis.map(Duration::from_millis);
        let body = encode_request(&request, timeout, &LIMITS).expect("encodable");
        let (read, read_timeout) = decode_request(&body, &LIMITS).expect("readable");
        prop_assert_eq!(read.method, request.method);
        prop_assert_eq!(read.args, request.args);
        prop_assert_eq!(read.version, request.version);
        prop_assert_eq!(read.namespace, request.namespace);
        prop_assert_eq!(read.context, request.context);
        prop_assert_eq!(read_timeout, timeout);
    }

    #[test]
    fn a_result_that_is_read_is_the_one_that_was_written(result in value()) {
        let outcome: Outcome = Ok(payload(&result));
        let body = encode_reply(&outcome, &LIMITS).expect("encodable");
        let Reply::Outcome(read) = decode_reply(Some(&body), &LIMITS).expect("readable") else {
            panic!("a heartbeat");
        };
        prop_assert_eq!(read, outcome);
    }

    #[test]
    fn a_failure_that_is_read_is_the_one_that_was_written(
        words in [".{0,12}", ".{0,12}", ".{0,40}"],
        lines in vec(".{0,20}", 0..4),
    ) {
        let [class, module, message] = words;
        let outcome: Outcome = Err(RemoteError::new(class, module, message).with_traceback(lines));
        let body = encode_reply(&outcome, &LIMITS).expect("encodable");
        let Reply::Outcome(read) = decode_reply(Some(&body), &LIMITS).expect("readable") else {
            panic!("a heartbeat");
        };
        prop_assert_eq!(read, outcome);
    }

    #[test]
    fn a_notification_that_is_read_is_the_one_that_was_written(
        told in value(),
        words in [".{0,12}", ".{0,12}"],
        values in object(),
        priority in prop::sample::select(Priority::ALL.to_vec()),
        enveloped in any::<bool>(),
    ) {
        let [publisher, event] = words;
        let it = Notification::new(publisher, event, priority, payload(&told));
        let it = it.with_context(context(&values));
        let envelope = if enveloped { Envelope::V2 } else { Envelope::V1 };
        let body = encode_notification(&it, envelope, &LIMITS).expect("encodable");
        let read = decode_notification(&body, &LIMITS).expect("readable");
        prop_assert_eq!(format!("{:?}", read), format!("{:?}", it));
        prop_assert_eq!(read.payload, it.payload);
        prop_assert_eq!(read.context, it.context);
    }

    #[test]
    fn any_text_is_a_body_or_a_typed_error(text in prop_oneof![
        ".{0,60}",
        object().prop_map(|body| body.to_string()),
        (object(), object()).prop_map(|(request, context)| {
            json!({ "request": request, "context": context }).to_string()
        }),
        object().prop_map(|failure| json!({ "failure": failure.to_string() }).to_string()),
        object().prop_map(|message| {
            let envelope = json!({ "oslo.version": "2.0", "oslo.message": message.to_string() });
            json!({ "request": envelope }).to_string()
        }),
    ]) {
        let errors = [
            decode_request(&text, &LIMITS).err(),
            decode_reply(Some(&text), &LIMITS).err(),
            decode_notification(&text, &LIMITS).err(),
        ];
        for error in errors.into_iter().flatten() {
            let typed = [ErrorKind::Serialization, ErrorKind::LimitExceeded, ErrorKind::InvalidArgument];
            prop_assert!(typed.contains(&error.kind()), "{:?}", error);
        }
    }
}

/// Arguments, or a result, with arrays within arrays.
fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn what_is_as_deep_as_the_limits_allow_passes_and_what_is_deeper_does_not() {
    let wide = Limits { max_depth: 100, ..LIMITS };
    let of = |json: String| Payload::from_json(json, &wide).expect("JSON");
    for (levels, fits) in [(LIMITS.max_depth, true), (LIMITS.max_depth + 1, false)] {
        let args = of(format!("{{\"a\":{}}}", nested(levels - 1)));
        let request = Request {
            method: "m".into(),
            args: args.clone(),
            version: None,
            namespace: None,
            context: Context::new(),
        };
        let outcome: Outcome = Ok(of(nested(levels)));
        let told = |envelope, limits: &Limits| {
            let it = Notification::new("p", "e", Priority::Info, args.clone());
            encode_notification(&it, envelope, limits)
        };
        let mut passed = vec![
            encode_request(&request, None, &LIMITS).is_ok(),
            encode_reply(&outcome, &LIMITS).is_ok(),
            told(Envelope::V1, &LIMITS).is_ok(),
            told(Envelope::V2, &LIMITS).is_ok(),
        ];
        // What others send is held to the same limits.
        let request = encode_request(&request, None, &wide).expect("encodable");
        passed.push(decode_request(&request, &LIMITS).is_ok());
        let reply = encode_reply(&outcome, &wide).expect("encodable");
        passed.push(decode_reply(Some(&reply), &LIMITS).is_ok());
        for envelope in [Envelope::V1, Envelope::V2] {
            let body = told(envelope, &wide).expect("encodable");
            passed.push(decode_notification(&body, &LIMITS).is_ok());
        }
        assert_eq!(passed, [fits; 8], "{levels} levels");
    }
}

#[test]
fn a_body_over_the_size_limit_is_neither_written_nor_read() {
    let small = Limits { max_size: 100, ..LIMITS };
    let outcome: Outcome = Ok(payload(&json!("x".repeat(100))));
    let error = encode_reply(&outcome, &small).expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    let body = encode_reply(&outcome, &LIMITS).expect("encodable");
    let error = decode_reply(Some(&body), &small).expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

#[test]
fn a_request_in_an_envelope_is_opened_when_its_version_is_known() {
    let body = |version: &str, message: &str| {
        json!({ "request": { "oslo.version": version, "oslo.message": message }, "context": null })
            .to_string()
    };
    let inner = r#"{"method": "m", "args": {"a": 1}}"#;
    let (request, _) = decode_request(&body("2.0", inner), &LIMITS).expect("readable");
    assert_eq!((&*request.method, request.args.as_json()), ("m", r#"{"a": 1}"#));
    for (version, message) in [("3.0", inner), ("2.0", "no JSON"), ("2.0", "[]")] {
        let error = decode_request(&body(version, message), &LIMITS).expect_err("unreadable");
        assert_eq!(error.kind(), ErrorKind::Serialization, "{version} {message}");
    }
}

#[test]
fn what_a_body_has_to_have_is_named_when_it_is_missing() {
    let bare = |request: Value| json!({ "request": request }).to_string();
    let sealed = |message: &str| bare(json!({ "oslo.version": "2.0", "oslo.message": message }));
    for body in [bare(json!({ "args": {} })), sealed("{}")] {
        let error = decode_request(&body, &LIMITS).expect_err("no method");
        assert!(error.message().contains("`method`"), "{error}");
        let error = decode_notification(&body, &LIMITS).expect_err("no priority");
        assert!(error.message().contains("`priority`"), "{error}");
    }
    // The values in their order are no request.
    let body = bare(json!(["m", {}]));
    let error = decode_request(&body, &LIMITS).expect_err("a list");
    assert!(error.message().contains("expected an object"), "{error}");
}

#[test]
fn arguments_that_speak_of_envelopes_are_arguments() {
    let args = json!({ "oslo.version": "2.0", "oslo.message": "{}" });
    let body = json!({ "request": { "method": "m", "args": args }, "context": {} }).to_string();
    let (request, _) = decode_request(&body, &LIMITS).expect("readable");
    assert_eq!(request.args.to::<Value>().expect("JSON"), args);
}

fn message(body: Body<Amqp>) -> Message<Body<Amqp>> {
    Message {
        header: None,
        delivery_annotations: None,
        message_annotations: None,
        properties: None,
        application_properties: None,
        body,
        footer: None,
    }
}

fn bytes(bytes: &[u8]) -> serde_amqp::primitives::Binary {
    bytes.to_vec().into()
}

#[test]
fn text_may_come_as_a_string_or_as_bytes() {
    let read = |body| Arrived::read(message(body), Instant::now()).map(|arrived| arrived.body);
    let some = |text: &str| Some(text.to_owned());
    let value = |value| Body::Value(AmqpValue(value));
    let parts = vec![Data(bytes(b"{\"r")), Data(bytes(b"\":1}"))];
    let cases = [
        (value(Amqp::String("{}".into())), some("{}")),
        (value(Amqp::Binary(bytes(b"{}"))), some("{}")),
        (Body::Data(Batch::new(parts)), some("{\"r\":1}")),
        (value(Amqp::Null), None),
        (Body::Empty, None),
    ];
    for (body, expected) in cases {
        assert_eq!(read(body).expect("readable"), expected);
    }
    let unreadable = [
        value(Amqp::Int(1)),
        value(Amqp::Binary(bytes(b"\xff"))),
        Body::Data(Batch::new(vec![Data(bytes(b"\xc3"))])),
        Body::Sequence(Batch::new(vec![AmqpSequence(vec![Amqp::Null])])),
    ];
    for body in unreadable {
        let error = read(body).expect_err("no text");
        assert_eq!(error.kind(), ErrorKind::Serialization);
    }
}

#[tokio::test(start_paused = true)]
async fn the_earlier_of_ttl_and_expiry_counts() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("now");
    let now = i64::try_from(now.as_millis()).expect("a date");
    let in_an_hour = now + 3_600_000;
    let left = |ttl: Option<u32>, expiry: Option<i64>| {
        let mut message = message(Body::Empty);
        message.header = Some(Header { ttl, ..Header::default() });
        let absolute_expiry_time = expiry.map(Timestamp::from_milliseconds);
        message.properties = Some(Properties { absolute_expiry_time, ..Properties::default() });
        let arrived = Instant::now();
        let deadline = Arrived::read(message, arrived).expect("readable").deadline;
        deadline.map(|deadline| deadline - arrived)
    };
    let second = Some(Duration::from_secs(1));
    assert_eq!(left(Some(1000), Some(in_an_hour)), second);
    assert_eq!(left(Some(1000), None), second);
    assert_eq!(left(Some(u32::MAX), Some(now - 1)), Some(Duration::ZERO));
    // A machine that has been up for ten years, as oslo.messaging tells the time.
    assert_eq!(left(Some(1000), Some(10 * 365 * 24 * 3_600_000)), second);
    let hour = left(None, Some(in_an_hour)).expect("a deadline");
    assert!(hour <= Duration::from_hours(1) && hour > Duration::from_mins(59), "{hour:?}");
    for none in [left(None, None), left(Some(0), None), left(None, Some(0))] {
        assert_eq!(none, None);
    }
}

#[test]
fn ids_of_every_type_are_read_as_text_when_they_are_ours() {
    let id = |id: MessageId| {
        let mut message = message(Body::Empty);
        let correlation_id = Some(id.clone());
        let message_id = Some(id.clone());
        message.properties =
            Some(Properties { message_id, correlation_id, ..Properties::default() });
        let arrived = Arrived::read(message, Instant::now()).expect("readable");
        assert_eq!(arrived.message_id.as_deref(), Some(&id));
        arrived.correlation_id.expect("an id")
    };
    assert_eq!(id(MessageId::Ulong(7)), "7");
    assert_eq!(id(MessageId::String("a".into())), "a");
    assert_eq!(id(MessageId::Binary(bytes(b"b"))), "b");
    let uuid = serde_amqp::primitives::Uuid::from([0xab; 16]);
    assert_eq!(id(MessageId::Uuid(uuid)), "ab".repeat(16));
}

#[test]
fn what_was_delivered_before_says_so() {
    let mut message = message(Body::Empty);
    message.header = Some(Header { delivery_count: 1, ..Header::default() });
    assert!(Arrived::read(message, Instant::now()).expect("readable").redelivered);
}

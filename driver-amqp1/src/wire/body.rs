//! Bodies, as oslo.messaging's amqp driver writes them: JSON text.

use std::time::Duration;

use busway_core::driver::{Envelope, Outcome, Request};
use busway_core::notify::Notification;
use busway_core::{
    Context, Error, ErrorKind, Limits, Payload, RemoteError, Result, Value, Version,
};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

/// How deep what a user sends stands in a body.
const DEPTH: usize = 2;
/// The version of oslo.messaging's envelope.
const VERSION: &str = "2.0";

/// What came as a reply.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A result or a failure.
    Outcome(Outcome),
    /// No body: the handler of a monitored call still runs.
    Heartbeat,
}

#[derive(Serialize)]
struct Body<'a, R> {
    request: R,
    context: ContextBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_monitor_timeout: Option<f64>,
}

struct ContextBody<'a>(&'a Context);

impl Serialize for ContextBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.values().serialize(serializer)
    }
}

#[derive(Serialize)]
struct RequestBody<'a> {
    method: &'a str,
    args: &'a Payload,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

/// A request; with the call-monitor timeout when the call is monitored.
pub(crate) fn encode_request(
    request: &Request,
    call_monitor_timeout: Option<Duration>,
    limits: &Limits,
) -> Result<String> {
    limits.check(request.args.as_json().as_bytes())?;
    let body = RequestBody {
        method: &request.method,
        args: &request.args,
        version: request.version.as_ref(),
        namespace: request.namespace.as_deref(),
    };
    let context = ContextBody(&request.context);
    let call_monitor_timeout = call_monitor_timeout.map(|timeout| timeout.as_secs_f64());
    write(&Body { request: body, context, call_monitor_timeout }, limits)
}

#[derive(Deserialize)]
struct BodyRead<'a> {
    #[serde(borrow)]
    request: &'a RawValue,
    #[serde(default)]
    context: Option<serde_json::Map<String, Value>>,
    #[serde(default)]
    call_monitor_timeout: Option<f64>,
}

/// The envelope in which a message may come; its content is JSON text again.
#[derive(Deserialize)]
struct EnvelopeRead {
    #[serde(rename = "oslo.version")]
    version: Option<String>,
    #[serde(rename = "oslo.message")]
    message: Option<String>,
}

impl BodyRead<'_> {
    /// The content, out of its envelope if it is in one.
    fn content(&self, limits: &Limits) -> Result<Payload> {
        let bare = Payload::from(self.request);
        let Ok(EnvelopeRead { version: Some(version), message }) = bare.borrow() else {
            return Ok(bare);
        };
        if version.split('.').next() != VERSION.split('.').next() {
            let message = format!("an envelope of version {version}; understood is {VERSION}");
            return Err(Error::new(ErrorKind::Serialization, message));
        }
        let message = message.ok_or_else(|| unreadable("the envelope has no 'oslo.message'"))?;
        Payload::from_json(message, &deeper(limits))
    }

    fn take_context(&mut self) -> Context {
        let mut context = Context::new();
        for (key, value) in self.context.take().unwrap_or_default() {
            context.insert(key, value);
        }
        context
    }
}

#[derive(Deserialize)]
struct RequestRead<'a> {
    method: String,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
}

/// A request, and its call-monitor timeout. One in an envelope is opened.
pub(crate) fn decode_request(body: &str, limits: &Limits) -> Result<(Request, Option<Duration>)> {
    let mut body: BodyRead<'_> = read(body, limits)?;
    let content = body.content(limits)?;
    let request: RequestRead<'_> = content.borrow()?;
    let args = match request.args.filter(|args| args.get() != "null") {
        Some(args) => Payload::from(args),
        None => Payload::empty_object(),
    };
    if !args.is_object() {
        return Err(unreadable("the arguments are no object"));
    }
    let timeout = body.call_monitor_timeout.map(|seconds| {
        Duration::try_from_secs_f64(seconds).map_err(|error| {
            unreadable(&format!("'call_monitor_timeout' is no number of seconds: {error}"))
        })
    });
    let request = Request {
        method: request.method.into(),
        args,
        version: request.version.map(|version| version.parse()).transpose()?,
        namespace: request.namespace.map(Into::into),
        context: body.take_context(),
    };
    // Python's `None` and 0 both say that nobody monitors the call.
    Ok((request, timeout.transpose()?.filter(|timeout| !timeout.is_zero())))
}

#[derive(Serialize)]
enum ReplyBody<'a> {
    #[serde(rename = "response")]
    Response(&'a Payload),
    #[serde(rename = "failure")]
    Failure(String),
}

struct FailureBody<'a>(&'a RemoteError);

impl Serialize for FailureBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let failure = self.0;
        let mut body = serializer.serialize_struct("Failure", 6)?;
        body.serialize_field("class", &failure.class)?;
        body.serialize_field("module", &failure.module)?;
        body.serialize_field("message", &failure.message)?;
        body.serialize_field("tb", &failure.traceback)?;
        // What a Python exception of that class would be made with.
        body.serialize_field("args", &[&failure.message])?;
        body.serialize_field("kwargs", &serde_json::Map::new())?;
        body.end()
    }
}

pub(crate) fn encode_reply(outcome: &Outcome, limits: &Limits) -> Result<String> {
    match outcome {
        Ok(payload) => write(&ReplyBody::Response(payload), limits),
        Err(failure) => {
            let failure = serde_json::to_string(&FailureBody(failure)).map_err(unwritable)?;
            write(&ReplyBody::Failure(failure), limits)
        }
    }
}

#[derive(Deserialize)]
struct ReplyRead<'a> {
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
    #[serde(default)]
    failure: Option<String>,
}

#[derive(Deserialize)]
struct FailureRead {
    class: String,
    #[serde(default)]
    module: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    tb: Option<Vec<String>>,
}

/// A reply; no body is a heartbeat.
pub(crate) fn decode_reply(body: Option<&str>, limits: &Limits) -> Result<Reply> {
    let Some(body) = body else { return Ok(Reply::Heartbeat) };
    let reply: ReplyRead<'_> = read(body, limits)?;
    let Some(failure) = reply.failure else {
        return Ok(Reply::Outcome(Ok(reply.response.map_or_else(Payload::null, Payload::from))));
    };
    let failure: FailureRead = read(&failure, limits)?;
    let remote = RemoteError::new(failure.class, failure.module, failure.message);
    let remote = remote.with_traceback(failure.tb.unwrap_or_default());
    Ok(Reply::Outcome(Err(remote)))
}

#[derive(Serialize)]
struct NotificationBody<'a> {
    message_id: &'a str,
    publisher_id: &'a str,
    event_type: &'a str,
    priority: &'a str,
    payload: &'a Payload,
    timestamp: &'a str,
}

#[derive(Serialize)]
struct EnvelopeBody {
    #[serde(rename = "oslo.version")]
    version: &'static str,
    #[serde(rename = "oslo.message")]
    message: String,
}

pub(crate) fn encode_notification(
    notification: &Notification,
    envelope: Envelope,
    limits: &Limits,
) -> Result<String> {
    limits.check(notification.payload.as_json().as_bytes())?;
    let bare = NotificationBody {
        message_id: &notification.message_id,
        publisher_id: &notification.publisher_id,
        event_type: &notification.event_type,
        priority: notification.priority.as_wire(),
        payload: &notification.payload,
        timestamp: &notification.timestamp,
    };
    let context = ContextBody(&notification.context);
    match envelope {
        Envelope::V1 => write(&Body { request: bare, context, call_monitor_timeout: None }, limits),
        Envelope::V2 => {
            let message = serde_json::to_string(&bare).map_err(unwritable)?;
            let request = EnvelopeBody { version: VERSION, message };
            write(&Body { request, context, call_monitor_timeout: None }, limits)
        }
    }
}

#[derive(Deserialize)]
struct NotificationRead<'a> {
    #[serde(default)]
    message_id: Option<String>,
    #[serde(default)]
    publisher_id: Option<String>,
    #[serde(default)]
    event_type: Option<String>,
    priority: String,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(default)]
    timestamp: Option<String>,
}

pub(crate) fn decode_notification(body: &str, limits: &Limits) -> Result<Notification> {
    let mut body: BodyRead<'_> = read(body, limits)?;
    let content = body.content(limits)?;
    let notification: NotificationRead<'_> = content.borrow()?;
    Ok(Notification {
        message_id: notification.message_id.unwrap_or_default(),
        publisher_id: notification.publisher_id.unwrap_or_default(),
        event_type: notification.event_type.unwrap_or_default(),
        priority: notification.priority.parse()?,
        payload: notification.payload.map_or_else(Payload::null, Payload::from),
        timestamp: notification.timestamp.unwrap_or_default(),
        context: body.take_context(),
    })
}

/// The limits of a body: what is within the configured ones stands some levels deep in it.
fn deeper(limits: &Limits) -> Limits {
    Limits { max_depth: limits.max_depth.saturating_add(DEPTH), ..*limits }
}

fn write<T: Serialize>(body: &T, limits: &Limits) -> Result<String> {
    let body = serde_json::to_string(body).map_err(unwritable)?;
    deeper(limits).check(body.as_bytes())?;
    Ok(body)
}

fn read<'a, T: Deserialize<'a>>(body: &'a str, limits: &Limits) -> Result<T> {
    deeper(limits).check(body.as_bytes())?;
    serde_json::from_str(body).map_err(|error| unreadable(&format!("the body: {error}")))
}

fn unreadable(what: &str) -> Error {
    Error::new(ErrorKind::Serialization, what.to_owned())
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Serialization, format!("the body cannot be written: {error}"))
}

//! Bodies, as oslo.messaging's pika driver writes them.

use std::borrow::Cow;

use busway_core::driver::{Outcome, Request};
use busway_core::notify::Notification;
use busway_core::{
    Context, Error, ErrorKind, Format, Limits, Payload, RemoteError, Result, Value, Version,
};
use bytes::Bytes;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::fields::{self, Fields};

/// What stands before the key of a context entry at the top level of a body.
const CONTEXT_PREFIX: &str = "_$_";

/// The limits of a body: what is within the configured ones stands one level deep in it.
pub(crate) fn envelope(limits: &Limits) -> Limits {
    Limits { max_depth: limits.max_depth.saturating_add(1), ..*limits }
}

pub(crate) fn encode_request(request: &Request, format: Format, limits: &Limits) -> Result<Bytes> {
    limits.check(request.args.as_json().as_bytes())?;
    format.encode(&RequestBody(request), &envelope(limits))
}

struct RequestBody<'a>(&'a Request);

impl Serialize for RequestBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let request = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("method", &*request.method)?;
        map.serialize_entry("args", &request.args)?;
        if let Some(version) = &request.version {
            map.serialize_entry("version", version)?;
        }
        if let Some(namespace) = &request.namespace {
            map.serialize_entry("namespace", &**namespace)?;
        }
        serialize_context(&mut map, &request.context)?;
        map.end()
    }
}

fn serialize_context<M: SerializeMap>(map: &mut M, context: &Context) -> Result<(), M::Error> {
    for (key, value) in context.values() {
        map.serialize_entry(&format!("{CONTEXT_PREFIX}{key}"), value)?;
    }
    Ok(())
}

pub(crate) fn decode_request(body: &Payload) -> Result<Request> {
    let fields = Fields::of(body)?;
    let args = match fields.get("args") {
        Some(_) => fields.document("args"),
        None => Payload::empty_object(),
    };
    if !args.is_object() {
        return Err(Error::new(ErrorKind::Serialization, "the arguments are no object"));
    }
    let version = fields.text("version")?;
    Ok(Request {
        method: fields.required::<String>("method")?.into(),
        args,
        version: version.map(|version| version.parse::<Version>()).transpose()?,
        namespace: fields.text("namespace")?.map(Into::into),
        context: context_of(&fields)?,
    })
}

fn context_of(fields: &Fields<'_>) -> Result<Context> {
    let mut context = Context::new();
    for (key, value) in fields.iter() {
        if let Some(name) = key.strip_prefix(CONTEXT_PREFIX) {
            context.insert(name, fields::parse::<Value>(key, value)?);
        }
    }
    Ok(context)
}

#[derive(Serialize)]
struct ReplyBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'a Payload>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<FailureBody<'a>>,
}

#[derive(Serialize, Deserialize)]
struct FailureBody<'a> {
    c: Cow<'a, str>,
    #[serde(default)]
    m: Cow<'a, str>,
    #[serde(default)]
    s: Cow<'a, str>,
    #[serde(default)]
    t: Vec<String>,
}

pub(crate) fn encode_reply(outcome: &Outcome, format: Format, limits: &Limits) -> Result<Bytes> {
    let body = match outcome {
        Ok(payload) => ReplyBody { s: Some(payload), e: None },
        Err(failure) => ReplyBody { s: None, e: Some(FailureBody::of(failure)) },
    };
    format.encode(&body, &envelope(limits))
}

impl<'a> FailureBody<'a> {
    fn of(failure: &'a RemoteError) -> Self {
        Self {
            c: Cow::from(&failure.class),
            m: Cow::from(&failure.module),
            s: Cow::from(&failure.message),
            t: failure.traceback.clone(),
        }
    }
}

pub(crate) fn decode_reply(body: &Payload) -> Result<Outcome> {
    let fields = Fields::of(body)?;
    match fields.parsed::<FailureBody<'static>>("e")? {
        None => Ok(Ok(fields.document("s"))),
        Some(failure) => {
            let remote = RemoteError::new(failure.c, failure.m, failure.s);
            Ok(Err(remote.with_traceback(failure.t)))
        }
    }
}

pub(crate) fn encode_notification(
    notification: &Notification,
    format: Format,
    limits: &Limits,
) -> Result<Bytes> {
    limits.check(notification.payload.as_json().as_bytes())?;
    format.encode(&NotificationBody(notification), &envelope(limits))
}

struct NotificationBody<'a>(&'a Notification);

impl Serialize for NotificationBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let it = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("message_id", &it.message_id)?;
        map.serialize_entry("publisher_id", &it.publisher_id)?;
        map.serialize_entry("event_type", &it.event_type)?;
        map.serialize_entry("priority", it.priority.as_wire())?;
        map.serialize_entry("payload", &it.payload)?;
        map.serialize_entry("timestamp", &it.timestamp)?;
        serialize_context(&mut map, &it.context)?;
        map.end()
    }
}

pub(crate) fn decode_notification(body: &Payload) -> Result<Notification> {
    let fields = Fields::of(body)?;
    Ok(Notification {
        message_id: fields.text("message_id")?.unwrap_or_default(),
        publisher_id: fields.text("publisher_id")?.unwrap_or_default(),
        event_type: fields.text("event_type")?.unwrap_or_default(),
        priority: fields.required::<String>("priority")?.parse()?,
        payload: fields.document("payload"),
        timestamp: fields.text("timestamp")?.unwrap_or_default(),
        context: context_of(&fields)?,
    })
}

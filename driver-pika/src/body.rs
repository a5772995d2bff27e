//! Bodies, as oslo.messaging's pika driver writes them.

use std::borrow::Cow;

use busway_core::driver::{Outcome, Request};
use busway_core::notify::Notification;
use busway_core::{
    Context, Error, ErrorKind, Format, Limits, Payload, RemoteError, Result, Value, Version,
};
use bytes::Bytes;
use serde::de::MapAccess;
use serde::{Deserialize, Serialize};

use crate::fields::{self, Entry, Fields, Object, Text};

/// What stands before the key of a context entry at the top level of a body.
const CONTEXT_PREFIX: &str = "_$_";
/// The room for the entries of a body beside its document; a longer one grows.
const ROOM: usize = 256;

/// The limits of a body: what is within the configured ones stands one level deep in it.
pub(crate) fn envelope(limits: &Limits) -> Limits {
    Limits { max_depth: limits.max_depth.saturating_add(1), ..*limits }
}

/// An object with room for a document.
fn object_for(document: &Payload) -> Object {
    Object::with_capacity(document.as_json().len().saturating_add(ROOM))
}

pub(crate) fn encode_request(request: &Request, format: Format, limits: &Limits) -> Result<Bytes> {
    let mut body = object_for(&request.args);
    body.put("method", &*request.method)?;
    body.put_document("args", &request.args)?;
    if let Some(version) = &request.version {
        body.put("version", version)?;
    }
    if let Some(namespace) = &request.namespace {
        body.put("namespace", &**namespace)?;
    }
    put_context(&mut body, &request.context)?;
    format.encode_json(body.finish(), &envelope(limits))
}

fn put_context(body: &mut Object, context: &Context) -> Result<()> {
    for (key, value) in context.values() {
        body.put(&format!("{CONTEXT_PREFIX}{key}"), value)?;
    }
    Ok(())
}

#[derive(Default)]
struct RequestFields<'a> {
    method: Option<Text<'a>>,
    args: Option<Payload>,
    version: Option<Text<'a>>,
    namespace: Option<Text<'a>>,
    context: Context,
}

impl<'a> Fields<'a> for RequestFields<'a> {
    fn take<M: MapAccess<'a>>(&mut self, entry: Entry<'_, M>) -> Result<(), M::Error> {
        match entry.key {
            "method" => self.method = entry.value()?,
            "args" => self.args = entry.document()?,
            "version" => self.version = entry.value()?,
            "namespace" => self.namespace = entry.value()?,
            _ => take_context(&mut self.context, entry)?,
        }
        Ok(())
    }
}

fn take_context<'a, M: MapAccess<'a>>(
    context: &mut Context,
    entry: Entry<'_, M>,
) -> Result<(), M::Error> {
    match entry.key.strip_prefix(CONTEXT_PREFIX) {
        Some(name) => context.insert(name, entry.value::<Value>()?),
        None => entry.ignore()?,
    }
    Ok(())
}

pub(crate) fn decode_request(json: &str) -> Result<Request> {
    let fields: RequestFields<'_> = fields::read(json)?;
    let args = fields.args.unwrap_or_else(Payload::empty_object);
    if !args.is_object() {
        return Err(Error::new(ErrorKind::Serialization, "the arguments are no object"));
    }
    Ok(Request {
        method: required("method", fields.method)?.0.into(),
        args,
        version: fields.version.map(|Text(version)| version.parse::<Version>()).transpose()?,
        namespace: fields.namespace.map(|Text(namespace)| namespace.into()),
        context: fields.context,
    })
}

fn required<T>(key: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::new(ErrorKind::Serialization, format!("the body has no '{key}'")))
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
        Ok(payload) => {
            let mut body = object_for(payload);
            body.put_document("s", payload)?;
            body
        }
        Err(failure) => {
            let mut body = Object::with_capacity(ROOM);
            body.put("e", &FailureBody::of(failure))?;
            body
        }
    };
    format.encode_json(body.finish(), &envelope(limits))
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

#[derive(Default)]
struct ReplyFields {
    result: Option<Payload>,
    failure: Option<FailureBody<'static>>,
}

impl<'a> Fields<'a> for ReplyFields {
    fn take<M: MapAccess<'a>>(&mut self, entry: Entry<'_, M>) -> Result<(), M::Error> {
        match entry.key {
            "s" => self.result = entry.document()?,
            "e" => self.failure = entry.value()?,
            _ => entry.ignore()?,
        }
        Ok(())
    }
}

pub(crate) fn decode_reply(json: &str) -> Result<Outcome> {
    let fields: ReplyFields = fields::read(json)?;
    Ok(match fields.failure {
        None => Ok(fields.result.unwrap_or_default()),
        Some(failure) => {
            let remote = RemoteError::new(failure.c, failure.m, failure.s);
            Err(remote.with_traceback(failure.t))
        }
    })
}

pub(crate) fn encode_notification(
    notification: &Notification,
    format: Format,
    limits: &Limits,
) -> Result<Bytes> {
    let it = notification;
    let mut body = object_for(&it.payload);
    body.put("message_id", &it.message_id)?;
    body.put("publisher_id", &it.publisher_id)?;
    body.put("event_type", &it.event_type)?;
    body.put("priority", it.priority.as_wire())?;
    body.put_document("payload", &it.payload)?;
    body.put("timestamp", &it.timestamp)?;
    put_context(&mut body, &it.context)?;
    format.encode_json(body.finish(), &envelope(limits))
}

#[derive(Default)]
struct NotificationFields<'a> {
    message_id: Option<String>,
    publisher_id: Option<String>,
    event_type: Option<String>,
    priority: Option<Text<'a>>,
    payload: Option<Payload>,
    timestamp: Option<String>,
    context: Context,
}

impl<'a> Fields<'a> for NotificationFields<'a> {
    fn take<M: MapAccess<'a>>(&mut self, entry: Entry<'_, M>) -> Result<(), M::Error> {
        match entry.key {
            "message_id" => self.message_id = entry.value()?,
            "publisher_id" => self.publisher_id = entry.value()?,
            "event_type" => self.event_type = entry.value()?,
            "priority" => self.priority = entry.value()?,
            "payload" => self.payload = entry.document()?,
            "timestamp" => self.timestamp = entry.value()?,
            _ => take_context(&mut self.context, entry)?,
        }
        Ok(())
    }
}

pub(crate) fn decode_notification(json: &str) -> Result<Notification> {
    let fields: NotificationFields<'_> = fields::read(json)?;
    Ok(Notification {
        message_id: fields.message_id.unwrap_or_default(),
        publisher_id: fields.publisher_id.unwrap_or_default(),
        event_type: fields.event_type.unwrap_or_default(),
        priority: required("priority", fields.priority)?.0.parse()?,
        payload: fields.payload.unwrap_or_default(),
        timestamp: fields.timestamp.unwrap_or_default(),
        context: fields.context,
    })
}

use std::time::Duration;

use busway_core::driver::Request;
use busway_core::{Context, Limits, Payload, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::{Body, DEPTH, REQUEST_KEY, open};
use super::json::{self, Object, unreadable};

/// A request; with the call-monitor timeout when the call is monitored.
pub(crate) fn encode_request(
    request: &Request,
    call_monitor_timeout: Option<Duration>,
    limits: &Limits,
) -> Result<String> {
    let args = &request.args;
    limits.check_size(args.as_json().len())?;
    let mut body = Object::about(args.as_json().len());
    body.open(REQUEST_KEY);
    body.value("method", &*request.method)?;
    body.document("args", args);
    if let Some(version) = &request.version {
        body.value("version", version)?;
    }
    if let Some(namespace) = &request.namespace {
        body.value("namespace", &**namespace)?;
    }
    body.close();
    body.context(&request.context)?;
    match call_monitor_timeout {
        Some(timeout) if timeout.subsec_nanos() == 0 => {
            body.value("call_monitor_timeout", &timeout.as_secs())?;
        }
        Some(timeout) => body.value("call_monitor_timeout", &timeout.as_secs_f64())?,
        None => {}
    }
    body.finish(DEPTH, limits)
}

#[derive(Deserialize)]
struct Read<'a> {
    #[serde(default)]
    method: Option<String>,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(rename = "oslo.version", default)]
    envelope: Option<String>,
    #[serde(rename = "oslo.message", default)]
    message: Option<String>,
}

/// A request, and its call-monitor timeout. One in an envelope is opened.
pub(crate) fn decode_request(body: &str, limits: &Limits) -> Result<(Request, Option<Duration>)> {
    let mut body = Body::<Read<'_>>::read(body, limits)?;
    let context = body.take_context();
    let timeout = body.call_monitor_timeout.map(|seconds| {
        Duration::try_from_secs_f64(seconds).map_err(|error| {
            unreadable(&format!("'call_monitor_timeout' is no number of seconds: {error}"))
        })
    });
    // Python's `None` and 0 both say that nobody monitors the call.
    let timeout = timeout.transpose()?.filter(|timeout| !timeout.is_zero());
    let mut request = body.request.0;
    let request = match open(request.envelope.as_deref(), request.message.take(), limits)? {
        None => read(request, context)?,
        Some(message) => read(json::parse(&message)?, context)?,
    };
    Ok((request, timeout))
}

fn read(request: Read<'_>, context: Context) -> Result<Request> {
    let args = request.args.map_or_else(Payload::empty_object, Payload::from);
    if !args.is_object() {
        return Err(unreadable("the arguments are no object"));
    }
    Ok(Request {
        method: request.method.ok_or_else(|| json::missing("method"))?.into(),
        args,
        version: request.version.map(|version| version.parse()).transpose()?,
        namespace: request.namespace.map(Into::into),
        context,
    })
}

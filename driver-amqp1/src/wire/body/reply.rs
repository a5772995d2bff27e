use busway_core::driver::Outcome;
use busway_core::{Limits, Payload, RemoteError, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Object};

/// How deep a result stands in its body.
const DEPTH: usize = 1;
/// How deep the parts of a failure stand in theirs.
const FAILURE_DEPTH: usize = 2;

/// What came as a reply.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A result or a failure.
    Outcome(Outcome),
    /// No body: the handler of a monitored call still runs.
    Heartbeat,
}

pub(crate) fn encode_reply(outcome: &Outcome, limits: &Limits) -> Result<String> {
    match outcome {
        Ok(result) => {
            let mut body = Object::about(result.as_json().len());
            body.document("response", result);
            body.finish(DEPTH, limits)
        }
        Err(failure) => {
            let mut body = Object::about(0);
            body.value("failure", &write(failure, limits)?)?;
            body.finish(DEPTH, limits)
        }
    }
}

/// A failure is JSON text in JSON text.
fn write(failure: &RemoteError, limits: &Limits) -> Result<String> {
    let mut body = Object::about(failure.message.len());
    body.value("class", &failure.class)?;
    body.value("module", &failure.module)?;
    body.value("message", &failure.message)?;
    body.value("tb", &failure.traceback)?;
    // What a Python exception of that class would be made with.
    body.value("args", &[&failure.message])?;
    body.open("kwargs");
    body.close();
    body.finish(FAILURE_DEPTH, limits)
}

#[derive(Deserialize)]
struct Read<'a> {
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
    #[serde(default)]
    failure: Option<String>,
}

#[derive(Deserialize)]
struct FailureRead {
    class: String,
    #[serde(default)]
    module: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    tb: Option<Vec<String>>,
}

/// A reply; no body is a heartbeat.
pub(crate) fn decode_reply(body: Option<&str>, limits: &Limits) -> Result<Reply> {
    let Some(body) = body else { return Ok(Reply::Heartbeat) };
    let reply: Read<'_> = json::read(body, DEPTH, limits)?;
    let Some(failure) = reply.failure else {
        return Ok(Reply::Outcome(Ok(reply.response.map_or_else(Payload::null, Payload::from))));
    };
    let failure: FailureRead = json::read(&failure, FAILURE_DEPTH, limits)?;
    let remote = RemoteError::new(
        failure.class,
        failure.module.unwrap_or_default(),
        failure.message.unwrap_or_default(),
    );
    Ok(Reply::Outcome(Err(remote.with_traceback(failure.tb.unwrap_or_default()))))
}

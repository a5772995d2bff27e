//! The body of what is sent: a request and what travels beside it; the request may be in an
//! envelope.

use std::borrow::Cow;

use busway_core::{Context, Limits, Result, Value};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Object, unreadable};

/// The version of oslo.messaging's envelope.
const VERSION: &str = "2.0";
const VERSION_KEY: &str = "oslo.version";
const MESSAGE_KEY: &str = "oslo.message";

/// How deep what a user sends stands in a body.
pub(super) const DEPTH: usize = 2;
/// How deep it stands in what is in an envelope.
const OPENED: usize = 1;

/// A body as it came.
#[derive(Deserialize)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    request: &'a RawValue,
    #[serde(default)]
    context: Option<serde_json::Map<String, Value>>,
    #[serde(default)]
    pub(super) call_monitor_timeout: Option<f64>,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "oslo.version")]
    version: Option<String>,
    #[serde(rename = "oslo.message")]
    message: Option<String>,
}

impl<'a> Body<'a> {
    pub(super) fn read(body: &'a str, limits: &Limits) -> Result<Self> {
        json::read(body, DEPTH, limits)
    }

    /// The request, out of its envelope if it is in one.
    pub(super) fn request(&self, limits: &Limits) -> Result<Cow<'a, str>> {
        let bare = self.request.get();
        // As good as every request is bare, and this is seen quicker than read.
        if !bare.contains(VERSION_KEY) {
            return Ok(Cow::Borrowed(bare));
        }
        let Ok(Envelope { version: Some(version), message: Some(message) }) = json::parse(bare)
        else {
            return Ok(Cow::Borrowed(bare));
        };
        if version.split('.').next() != VERSION.split('.').next() {
            let problem = format!("an envelope of version {version}; understood is {VERSION}");
            return Err(unreadable(&problem));
        }
        json::read::<&RawValue>(&message, OPENED, limits)?;
        Ok(Cow::Owned(message))
    }

    pub(super) fn take_context(&mut self) -> Context {
        self.context.take().map(Context::from).unwrap_or_default()
    }
}

/// Puts a message into an envelope.
pub(super) fn seal(body: &mut Object, key: &str, message: &str) -> Result<()> {
    body.open(key);
    body.value(VERSION_KEY, VERSION)?;
    body.value(MESSAGE_KEY, message)?;
    body.close();
    Ok(())
}

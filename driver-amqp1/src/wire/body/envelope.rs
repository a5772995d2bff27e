//! The body of what is sent: a request and what travels beside it; the request may be in an
//! envelope.

use std::fmt;
use std::marker::PhantomData;

use busway_core::{Context, Limits, Result, Value};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::json::{self, Entries, Object, unreadable};

/// The version of oslo.messaging's envelope.
const VERSION: &str = "2.0";
pub(super) const VERSION_KEY: &str = "oslo.version";
pub(super) const MESSAGE_KEY: &str = "oslo.message";
/// Where a request is in a body.
pub(super) const REQUEST_KEY: &str = "request";

/// How deep what a user sends stands in a body.
pub(super) const DEPTH: usize = 2;
/// How deep it stands in what is in an envelope.
const OPENED: usize = 1;

/// A body as it came, with a request of this type.
#[derive(serde::Deserialize)]
#[serde(bound(deserialize = "R: Deserialize<'de>"))]
pub(super) struct Body<R> {
    pub(super) request: Map<R>,
    #[serde(default)]
    context: Option<serde_json::Map<String, Value>>,
    #[serde(default)]
    pub(super) call_monitor_timeout: Option<f64>,
}

impl<'a, R: Deserialize<'a>> Body<R> {
    pub(super) fn read(body: &'a str, limits: &Limits) -> Result<Self> {
        json::read(body, DEPTH, limits)
    }
}

impl<R> Body<R> {
    pub(super) fn take_context(&mut self) -> Context {
        self.context.take().map(Context::from).unwrap_or_default()
    }
}

/// What is read of an object alone: a list of its values in their order would do otherwise.
pub(super) struct Map<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Map<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfMap(PhantomData)).map(Self)
    }
}

struct OfMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

/// The message in an envelope, if the keys of one are there.
pub(super) fn open(
    version: Option<&str>,
    message: Option<String>,
    limits: &Limits,
) -> Result<Option<String>> {
    let (Some(version), Some(message)) = (version, message) else { return Ok(None) };
    check_envelope(version, &message, limits)?;
    Ok(Some(message))
}

/// Checks that an envelope is understood, and that what is in it is within the limits.
pub(super) fn check_envelope(version: &str, message: &str, limits: &Limits) -> Result<()> {
    let is_known = version == VERSION || version.split('.').next() == VERSION.split('.').next();
    if !is_known {
        let problem = format!("an envelope of version {version}; understood is {VERSION}");
        return Err(unreadable(&problem));
    }
    json::check(message, OPENED, limits)
}

/// Puts an object into an envelope: JSON text in JSON text.
pub(super) fn seal(body: &mut Object, write: impl FnOnce(&mut Entries<'_>)) {
    body.open(REQUEST_KEY);
    body.entries().text(VERSION_KEY, VERSION);
    body.quoted(MESSAGE_KEY, write);
    body.close();
}

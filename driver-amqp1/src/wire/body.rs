//! Bodies, as oslo.messaging's amqp driver writes them: JSON text.

use std::time::Duration;

use busway_core::driver::{Envelope, Outcome, Request};
use busway_core::notify::Notification;
use busway_core::{Limits, Result};

/// What came as a reply.
pub(crate) enum Reply {
    /// A result or a failure.
    Outcome(Outcome),
    /// No body: the handler of a monitored call still runs.
    Heartbeat,
}

/// A request; with the call-monitor timeout when the call is monitored.
pub(crate) fn encode_request(
    request: &Request,
    call_monitor_timeout: Option<Duration>,
    limits: &Limits,
) -> Result<String> {
    todo!()
}

/// A request, and its call-monitor timeout. One in an envelope is opened.
pub(crate) fn decode_request(body: &str, limits: &Limits) -> Result<(Request, Option<Duration>)> {
    todo!()
}

pub(crate) fn encode_reply(outcome: &Outcome, limits: &Limits) -> Result<String> {
    todo!()
}

/// A reply; no body is a heartbeat.
pub(crate) fn decode_reply(body: Option<&str>, limits: &Limits) -> Result<Reply> {
    todo!()
}

pub(crate) fn encode_notification(
    notification: &Notification,
    envelope: Envelope,
    limits: &Limits,
) -> Result<String> {
    todo!()
}

pub(crate) fn decode_notification(body: &str, limits: &Limits) -> Result<Notification> {
    todo!()
}

//! What the client library's errors mean, in the peer's own words.

use busway_core::{Error, ErrorKind};
use fe2o3_amqp::connection::ConnectionStopReason;
use fe2o3_amqp::link::{
    DetachError, LinkStateError, ReceiverAttachError, SendError, SenderAttachError,
    SessionStopReason,
};
use fe2o3_amqp::session;
use fe2o3_amqp::types::definitions::{self, AmqpError, ErrorCondition, LinkError};
use fe2o3_amqp::types::messaging::Outcome;
use fe2o3_amqp::types::primitives::Symbol;

use super::Verdict;

/// There is no bus any more, for this is its end.
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the transport is closed")
}

/// The error of what nobody wants any more when it could leave.
pub(super) fn late() -> Error {
    Error::new(ErrorKind::Timeout, "the message could not leave in time")
}

/// The error of what was under way when the connection went.
pub(super) fn lost() -> Error {
    Error::new(ErrorKind::Connection, "the connection to the peer was lost")
}

/// An error that the peer named, after what we say about it.
pub(crate) fn of_peer(what: &str, said: &definitions::Error) -> Error {
    let kind = match &said.condition {
        ErrorCondition::AmqpError(AmqpError::NotFound) => ErrorKind::Undeliverable,
        ErrorCondition::AmqpError(AmqpError::ResourceLimitExceeded) => ErrorKind::Full,
        ErrorCondition::LinkError(LinkError::MessageSizeExceeded) => ErrorKind::LimitExceeded,
        ErrorCondition::AmqpError(
            AmqpError::UnauthorizedAccess
            | AmqpError::NotAllowed
            | AmqpError::NotImplemented
            | AmqpError::InvalidField
            | AmqpError::PreconditionFailed
            | AmqpError::ResourceLocked,
        ) => ErrorKind::Refused,
        _ => ErrorKind::Connection,
    };
    let condition = condition(&said.condition);
    let message = match &said.description {
        Some(description) => format!("{what}: {condition}: {description}"),
        None => format!("{what}: {condition}"),
    };
    Error::new(kind, message)
}

fn condition(condition: &ErrorCondition) -> String {
    match condition {
        ErrorCondition::AmqpError(it) => Symbol::from(it).0,
        ErrorCondition::ConnectionError(it) => Symbol::from(it).0,
        ErrorCondition::SessionError(it) => Symbol::from(it).0,
        ErrorCondition::LinkError(it) => Symbol::from(it).0,
        ErrorCondition::Custom(symbol) => symbol.0.clone(),
    }
}

pub(super) fn of_end(error: Option<session::Error>) -> Error {
    match error {
        Some(session::Error::RemoteEndedWithError(said)) => {
            of_connection(&of_peer("the peer ended the session", &said))
        }
        Some(session::Error::ConnectionStopped(reason)) => of_stop(&reason),
        Some(session::Error::RemoteEnded) | None => {
            Error::new(ErrorKind::Connection, "the peer ended the session")
        }
        Some(other) => Error::new(ErrorKind::Connection, format!("the session ended: {other}")),
    }
}

/// What ended a connection is worth another attempt.
fn of_connection(error: &Error) -> Error {
    Error::new(ErrorKind::Connection, error.message().to_owned())
}

fn of_stop(reason: &ConnectionStopReason) -> Error {
    match reason {
        ConnectionStopReason::RemoteClosedWithError(said) => {
            of_connection(&of_peer("the peer closed the connection", said))
        }
        _ => lost(),
    }
}

fn of_session(reason: &SessionStopReason) -> Error {
    match reason {
        SessionStopReason::RemoteEndedWithError(said) => {
            of_peer("the peer ended the session", said)
        }
        SessionStopReason::ConnectionStopped(reason) => of_stop(reason),
        _ => lost(),
    }
}

const REFUSED: &str = "the peer refused the link";

/// Said of links whose terminus the peer left out, which is how it begins to refuse one.
fn no_terminus() -> Error {
    Error::new(ErrorKind::Undeliverable, "the peer refused the link, and did not say why")
}

pub(super) fn of_sender_attach(error: SenderAttachError) -> Error {
    match error {
        SenderAttachError::RemoteClosedWithError(said) => of_peer(REFUSED, &said),
        SenderAttachError::SessionStopped(reason) => of_session(&reason),
        SenderAttachError::IncomingTargetIsNone => no_terminus(),
        other => Error::new(ErrorKind::Connection, format!("{REFUSED}: {other}")),
    }
}

pub(super) fn of_receiver_attach(error: ReceiverAttachError) -> Error {
    match error {
        ReceiverAttachError::RemoteClosedWithError(said) => of_peer(REFUSED, &said),
        ReceiverAttachError::SessionStopped(reason) => of_session(&reason),
        ReceiverAttachError::IncomingSourceIsNone => no_terminus(),
        other => Error::new(ErrorKind::Connection, format!("{REFUSED}: {other}")),
    }
}

const CLOSED: &str = "the peer closed the link";

pub(super) fn of_detach(error: DetachError) -> Error {
    match error {
        DetachError::RemoteDetachedWithError(said) | DetachError::RemoteClosedWithError(said) => {
            of_peer(CLOSED, &said)
        }
        DetachError::SessionStopped(reason) => of_session(&reason),
        _ => Error::new(ErrorKind::Connection, CLOSED),
    }
}

pub(super) fn of_link_state(error: &LinkStateError) -> Error {
    match error {
        LinkStateError::RemoteDetachedWithError(said)
        | LinkStateError::RemoteClosedWithError(said) => of_peer(CLOSED, said),
        LinkStateError::SessionStopped(reason) => of_session(reason),
        _ => Error::new(ErrorKind::Connection, CLOSED),
    }
}

/// Why a message could not be sent.
pub(super) fn of_send(error: SendError) -> Error {
    match error {
        SendError::LinkStateError(state) => of_link_state(&state),
        SendError::Detached(error) => of_detach(error),
        SendError::MessageSizeExceeded(exceeded) => {
            let message = format!(
                "the message has {} bytes, and the peer takes {} at most on this link",
                exceeded.size, exceeded.max_size
            );
            Error::new(ErrorKind::LimitExceeded, message)
        }
        other => Error::new(ErrorKind::Serialization, format!("the message: {other}")),
    }
}

/// What the outcome of a delivery means (AMQP 1.0, part 3.4; oslo.messaging sends released
/// messages again, and modified ones that say neither that the delivery failed nor that it is
/// undeliverable here).
pub(super) fn of_outcome(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Accepted(_) => Verdict::Accepted,
        Outcome::Released(_) => {
            Verdict::Returned(undeliverable("the peer gave the message back (released)"))
        }
        Outcome::Modified(how)
            if how.delivery_failed != Some(true) && how.undeliverable_here != Some(true) =>
        {
            Verdict::Returned(undeliverable("the peer gave the message back (modified)"))
        }
        Outcome::Modified(how) => {
            let why = match how.undeliverable_here {
                Some(true) => "undeliverable here",
                _ => "the delivery failed",
            };
            let message = format!("the peer could not deliver the message: {why}");
            Verdict::Refused(undeliverable(&message))
        }
        Outcome::Rejected(rejected) => Verdict::Refused(match rejected.error {
            Some(said) => match of_peer("the peer rejected the message", &said) {
                error if error.kind() == ErrorKind::Connection => undeliverable(error.message()),
                error => error,
            },
            None => undeliverable("the peer rejected the message"),
        }),
    }
}

fn undeliverable(message: &str) -> Error {
    Error::new(ErrorKind::Undeliverable, message.to_owned())
}

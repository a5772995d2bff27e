//! What the library's errors mean, in the broker's own words.

use busway_core::{Error, ErrorKind};
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};

/// The error of an operation on a connection or channel.
pub(crate) fn describe(error: &lapin::Error) -> Error {
    let kind = match error.kind() {
        lapin::ErrorKind::ProtocolError(amqp) => match amqp.kind() {
            AMQPErrorKind::Soft(
                AMQPSoftError::ACCESSREFUSED
                | AMQPSoftError::PRECONDITIONFAILED
                | AMQPSoftError::RESOURCELOCKED,
            )
            | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => ErrorKind::Refused,
            AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND | AMQPSoftError::NOROUTE) => {
                ErrorKind::Undeliverable
            }
            _ => ErrorKind::Connection,
        },
        lapin::ErrorKind::AuthProviderError(_) => ErrorKind::Refused,
        _ => ErrorKind::Connection,
    };
    let message = match error.kind() {
        lapin::ErrorKind::ProtocolError(amqp) => format!("the broker said: {}", amqp.get_message()),
        _ => format!("the connection failed: {error}"),
    };
    Error::new(kind, message).because(error.clone())
}

/// Whether the broker closed a channel because an exchange or queue does not exist.
pub(crate) fn is_not_found(error: &lapin::Error) -> bool {
    matches!(
        error.kind(),
        lapin::ErrorKind::ProtocolError(amqp)
            if *amqp.kind() == AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND)
    )
}

/// Whether the broker closed a channel, and the connection lives on.
pub(crate) fn is_of_a_channel(error: &lapin::Error) -> bool {
    matches!(
        error.kind(),
        lapin::ErrorKind::ProtocolError(amqp) if matches!(amqp.kind(), AMQPErrorKind::Soft(_))
    )
}

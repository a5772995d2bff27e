//! What the library's errors mean, in the broker's own words.

use std::error::Error as _;
use std::io;

use busway_core::{Error, ErrorKind, net};
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::uri::SASLMechanism;

/// What is known of a login that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Login {
    pub(super) mechanism: SASLMechanism,
    /// Whether the connection is.
    pub(super) encrypted: bool,
    /// Whether the broker asked in vain for a client certificate.
    pub(super) asked: bool,
    /// Whether there is one.
    pub(super) certificate: bool,
}

impl Login {
    pub(super) fn describe(self, error: &lapin::Error) -> Error {
        let (kind, message) = match error.kind() {
            lapin::ErrorKind::IOError(io) if is_hang_up(io.kind()) && self.asked => (
                ErrorKind::Refused,
                "the broker asked for a client certificate (certfile, keyfile) and hung up",
            ),
            lapin::ErrorKind::IOError(io) if is_hang_up(io.kind()) && self.certificate => (
                ErrorKind::Connection,
                "the peer hung up before the login was done; perhaps it refuses our client \
                 certificate",
            ),
            lapin::ErrorKind::IOError(io) if is_hang_up(io.kind()) && self.encrypted => {
                (ErrorKind::Connection, "the peer hung up before the login was done")
            }
            lapin::ErrorKind::IOError(io) if is_hang_up(io.kind()) => (
                ErrorKind::Connection,
                "the peer hung up before the login was done; perhaps it speaks TLS (pika+tls)",
            ),
            lapin::ErrorKind::ParsingError(_) => (
                ErrorKind::Connection,
                "the peer's answer is not AMQP 0-9-1; perhaps it speaks TLS (pika+tls), or \
                 something else",
            ),
            lapin::ErrorKind::ProtocolError(amqp)
                if self.mechanism == SASLMechanism::External
                    && *amqp.kind() == AMQPErrorKind::Hard(AMQPHardError::COMMANDINVALID) =>
            {
                (
                    ErrorKind::Refused,
                    "the broker takes no login by certificate (SASL EXTERNAL): put a user into \
                     the URL, or enable the broker's plugin rabbitmq_auth_mechanism_ssl",
                )
            }
            lapin::ErrorKind::InvalidProtocolVersion(version) => {
                let message = format!("the broker does not speak AMQP 0-9-1, but AMQP {version}");
                return Error::new(ErrorKind::Refused, message).because(error.clone());
            }
            _ => return describe(error),
        };
        Error::new(kind, message).because(error.clone())
    }
}

fn is_hang_up(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::UnexpectedEof
    )
}

/// The error of an operation on a connection or channel.
pub(crate) fn describe(error: &lapin::Error) -> Error {
    if let lapin::ErrorKind::IOError(io) = error.kind()
        && net::is_of_tls(io)
    {
        return net::describe(io, &super::tls::NAMES).because(error.clone());
    }
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

/// Whether what failed was the connection under it. The library may say so before the connection
/// itself is known to be lost.
pub(crate) fn is_of_the_connection(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<lapin::Error>());
    cause.is_some_and(|cause| match cause.kind() {
        lapin::ErrorKind::ProtocolError(amqp) => {
            *amqp.kind() == AMQPErrorKind::Hard(AMQPHardError::CONNECTIONFORCED)
        }
        lapin::ErrorKind::IOError(_)
        | lapin::ErrorKind::InvalidConnectionState(_)
        | lapin::ErrorKind::MissingHeartbeatError => true,
        _ => false,
    })
}

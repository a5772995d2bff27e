//! What a failed login or Open means, in words.

use std::io;

use busway_core::net::{self, TlsNames};
use busway_core::{Error, ErrorKind};
use fe2o3_amqp::connection::OpenError;

use super::sasl::Failure;

/// What is known of a connection that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) encrypted: bool,
    /// Whether the peer asked in vain for a client certificate.
    pub(super) asked: bool,
    /// Whether there is one.
    pub(super) certificate: bool,
    pub(super) names: &'static TlsNames,
}

impl Attempt {
    /// The error of a login.
    pub(super) fn login(&self, failure: Failure) -> Error {
        let (kind, message) = match failure {
            Failure::Io(error) => return self.io(&error),
            Failure::Header(header) => return self.header(header),
            Failure::NoSasl => (
                ErrorKind::Connection,
                "what the peer sent in the login is not AMQP 1.0".to_owned(),
            ),
            Failure::NothingInCommon { offered, usable } => {
                let offered = offered.join(" ");
                let usable: Vec<String> = usable.iter().map(ToString::to_string).collect();
                let usable = if usable.is_empty() {
                    "none, by the credentials and sasl_mechanisms".to_owned()
                } else {
                    usable.join(" ")
                };
                let message = format!(
                    "the peer and we have no SASL mechanism in common: it offers '{offered}', \
                     usable here: {usable}"
                );
                (ErrorKind::Refused, message)
            }
            Failure::Wrong(mechanism) => {
                (ErrorKind::Refused, format!("the peer refuses the login (SASL {mechanism})"))
            }
            Failure::OutOfOrder { lasting: true } => {
                (ErrorKind::Refused, "the peer's login is out of order".to_owned())
            }
            Failure::OutOfOrder { lasting: false } => {
                (ErrorKind::Connection, "the peer's login is out of order for now".to_owned())
            }
            Failure::BadChallenge => (
                ErrorKind::Refused,
                "the peer asks in the login what cannot be answered".to_owned(),
            ),
            Failure::Impostor => (
                ErrorKind::Refused,
                "the peer took the login and could not prove that it knows the password".to_owned(),
            ),
            Failure::TooLong => (
                ErrorKind::Configuration,
                "user and password are longer than a frame of SASL can be (512 bytes)".to_owned(),
            ),
            Failure::NoRandom => {
                (ErrorKind::Internal, "the system gives no random numbers".to_owned())
            }
        };
        Error::new(kind, message)
    }

    /// The error of an Open that the peer's Close or the tap does not explain.
    pub(super) fn open(&self, error: OpenError) -> Error {
        match error {
            OpenError::Io(error) => self.io(&error),
            OpenError::ProtocolHeaderMismatch(_) | OpenError::NotImplemented(_) => Error::new(
                ErrorKind::Connection,
                "after the login the peer's answer is not AMQP 1.0",
            ),
            other => {
                let message = format!("the peer did not open the connection: {other}");
                Error::new(ErrorKind::Connection, message).because(other)
            }
        }
    }

    /// The stream failed or ended.
    fn io(&self, error: &io::Error) -> Error {
        if net::is_of_tls(error) {
            return net::describe(error, self.names);
        }
        if !is_hang_up(error.kind()) {
            let message = format!("the connection failed: {error}");
            return Error::new(ErrorKind::Connection, message);
        }
        let TlsNames { cert_file, key_file, .. } = self.names;
        if self.asked {
            let message = format!(
                "the peer asked for a client certificate ({cert_file}, {key_file}) and hung up"
            );
            return Error::new(ErrorKind::Refused, message);
        }
        let perhaps = match (self.encrypted, self.certificate) {
            (true, true) => "; perhaps it refuses our client certificate",
            (true, false) => "",
            (false, _) => "; perhaps it speaks TLS (amqps)",
        };
        let message = format!("the peer hung up before the login was done{perhaps}");
        Error::new(ErrorKind::Connection, message)
    }

    /// The peer answered with another protocol header, or with something else.
    fn header(&self, header: [u8; 8]) -> Error {
        let (kind, message) = match header {
            [b'A', b'M', b'Q', b'P', 0 | 1, 0, 9, _] | [b'A', b'M', b'Q', b'P', 1, 1, ..] => {
                (ErrorKind::Refused, "the peer does not speak AMQP 1.0, but an AMQP before it")
            }
            [b'A', b'M', b'Q', b'P', 0, 1, 0, 0] => {
                (ErrorKind::Refused, "the peer takes no login (SASL)")
            }
            [b'A', b'M', b'Q', b'P', 2, 1, 0, 0] => {
                (ErrorKind::Refused, "the peer wants TLS before the login: use amqps")
            }
            [b'A', b'M', b'Q', b'P', ..] => {
                (ErrorKind::Refused, "the peer does not speak AMQP 1.0, but another version")
            }
            // An alert, or the beginning of a handshake.
            [0x15 | 0x16, 3, ..] if !self.encrypted => {
                (ErrorKind::Connection, "the peer speaks TLS on this port: use amqps")
            }
            _ => (ErrorKind::Connection, "the peer's answer is not AMQP"),
        };
        Error::new(kind, message)
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

//! What a failed handshake means, in words.

use std::io;

use busway_core::{Error, ErrorKind};
use rustls::{AlertDescription, CertificateError, InvalidMessage};

/// Whether a stream failed by its encryption.
pub(in crate::connect) fn is_of_tls(error: &io::Error) -> bool {
    inner(error).is_some()
}

fn inner(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// The error of a TLS stream: in the handshake, or, from TLS 1.3 on, in the first bytes after it.
pub(in crate::connect) fn describe(error: &io::Error) -> Error {
    let inner = inner(error);
    let (kind, what) = match inner {
        Some(rustls::Error::InvalidCertificate(why)) => {
            (ErrorKind::Connection, format!("the broker's certificate is refused: {}", not(why)))
        }
        Some(rustls::Error::AlertReceived(alert)) => {
            (ErrorKind::Refused, format!("the broker refuses TLS: {}", alerted(*alert)))
        }
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            (ErrorKind::Connection, "the peer does not speak TLS on this port".to_owned())
        }
        Some(rustls::Error::PeerIncompatible(why)) => {
            (ErrorKind::Refused, format!("the broker and we have no TLS in common: {why:?}"))
        }
        Some(other) => (ErrorKind::Connection, format!("TLS failed: {other}")),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            (ErrorKind::Connection, "the peer hung up in the TLS handshake".to_owned())
        }
        None => (ErrorKind::Connection, format!("TLS failed: {error}")),
    };
    // A certificate is not better a moment later.
    let lasting = matches!(inner, Some(rustls::Error::InvalidCertificate(_)));
    let described = Error::new(kind, what);
    if lasting { described.retryable(false) } else { described }
}

/// Why a certificate is not taken.
fn not(error: &CertificateError) -> String {
    match error {
        // An authority that has the name of one that is trusted, and another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "no authority of ca_certs (or, without it, of the system's) signed it".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("it does not stand for the host of the URL: {error}")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("it has expired: {error}")
        }
        other => other.to_string(),
    }
}

/// What the broker said.
fn alerted(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            "it asks for a client certificate; give one by certfile and keyfile".to_owned()
        }
        AlertDescription::HandshakeFailure => {
            "handshake failure; it may ask for a client certificate (certfile, keyfile)".to_owned()
        }
        AlertDescription::UnknownCA => {
            "it does not know the authority of our client certificate".to_owned()
        }
        AlertDescription::CertificateExpired => "our client certificate has expired".to_owned(),
        AlertDescription::ProtocolVersion => {
            "it does not speak the version that ssl_version asks for".to_owned()
        }
        other => format!("alert {other:?}"),
    }
}

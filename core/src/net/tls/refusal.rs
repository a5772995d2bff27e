//! What a failed handshake means, in words.

use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::TlsNames;
use crate::{Error, ErrorKind};

/// Whether a stream failed by its encryption: [`describe`] tells how.
///
/// ```
/// use std::io;
///
/// assert!(!busway_core::net::is_of_tls(&io::ErrorKind::ConnectionReset.into()));
/// ```
#[must_use]
pub fn is_of_tls(error: &io::Error) -> bool {
    inner(error).is_some()
}

fn inner(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// The error of a TLS stream: in the handshake, or, from TLS 1.3 on, in the first bytes after it.
///
/// A certificate that is not to be trusted is an error that trying again does not mend.
///
/// ```
/// use std::io;
///
/// use busway_core::ErrorKind;
/// use busway_core::net::{TlsNames, describe};
///
/// let error = describe(&io::ErrorKind::UnexpectedEof.into(), &TlsNames::default());
/// assert_eq!(error.kind(), ErrorKind::Connection);
/// ```
#[must_use]
pub fn describe(error: &io::Error, names: &TlsNames) -> Error {
    let inner = inner(error);
    let (kind, what) = match inner {
        Some(rustls::Error::InvalidCertificate(why)) => (
            ErrorKind::Connection,
            format!("the broker's certificate is refused: {}", not(why, names)),
        ),
        Some(rustls::Error::AlertReceived(alert)) => {
            (ErrorKind::Refused, format!("the broker refuses TLS: {}", alerted(*alert, names)))
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
fn not(error: &CertificateError, names: &TlsNames) -> String {
    let TlsNames { ca_file, subject, .. } = names;
    match error {
        // An authority that has the name of one that is trusted, and another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            format!("no authority of {ca_file} (or, without it, of the system's) signed it")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("it does not stand for {subject}: {error}")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("it has expired: {error}")
        }
        other => other.to_string(),
    }
}

/// What the broker said.
fn alerted(alert: AlertDescription, names: &TlsNames) -> String {
    let TlsNames { cert_file, key_file, version, .. } = names;
    match alert {
        AlertDescription::CertificateRequired => {
            format!("it asks for a client certificate; give one by {cert_file} and {key_file}")
        }
        AlertDescription::HandshakeFailure => {
            format!(
                "handshake failure; it may ask for a client certificate ({cert_file}, {key_file})"
            )
        }
        AlertDescription::UnknownCA => {
            "it does not know the authority of our client certificate".to_owned()
        }
        AlertDescription::BadCertificate | AlertDescription::DecryptError => {
            format!(
                "it finds a signature wrong, perhaps that of our client certificate ({alert:?})"
            )
        }
        AlertDescription::CertificateExpired => "our client certificate has expired".to_owned(),
        AlertDescription::ProtocolVersion => {
            format!("it does not speak the version that {version} asks for")
        }
        other => format!("alert {other:?}"),
    }
}

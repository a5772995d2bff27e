//! The options of TLS, in core's terms.

use std::path::PathBuf;

use busway_core::net::{Tls, TlsNames, TlsOptions};
use busway_core::{Error, ErrorKind, Result, TransportUrl};

use crate::options::AmqpOptions;

/// The names of the options.
const NAMES: TlsNames = TlsNames {
    ca_file: "ssl_ca_file",
    cert_file: "ssl_cert_file",
    key_file: "ssl_key_file",
    key_password: Some("ssl_key_password"),
    // There is none: what is spoken is TLS 1.2 and 1.3.
    version: "this driver",
    ..TlsNames::DEFAULT
};
/// The same when the certificate has to stand for the virtual host.
const NAMES_OF_VHOST: TlsNames =
    TlsNames { subject: "the virtual host (ssl_verify_vhost)", ..NAMES };

/// What errors of TLS call the options.
pub(super) fn names(options: &AmqpOptions) -> &'static TlsNames {
    if options.ssl_verify_vhost { &NAMES_OF_VHOST } else { &NAMES }
}

/// Whether and how connections are encrypted: by the scheme or the option `ssl`.
pub(super) fn tls(url: &TransportUrl, options: &AmqpOptions) -> Result<Option<Tls>> {
    let wrong = |message: String| Err(Error::new(ErrorKind::Configuration, message));
    if let Some(variant) = url.variant() {
        let scheme = url.scheme();
        return wrong(format!("'{scheme}+{variant}' is not known; known are amqp and amqps"));
    }
    let by_scheme = url.scheme() == super::TLS_SCHEME;
    if by_scheme && url.option("ssl").is_some() && !options.ssl {
        return wrong("ssl: the scheme amqps says otherwise".to_owned());
    }
    if options.ssl_key_file.is_some() && options.ssl_cert_file.is_none() {
        return wrong("ssl_key_file: a key without its certificate (ssl_cert_file)".to_owned());
    }
    if !by_scheme && !options.ssl {
        return match unused(options) {
            Some(option) if url.option(option).is_some() => {
                wrong(format!("{option}: the connection is not encrypted; use amqps"))
            }
            Some(option) => {
                tracing::warn!(option, "configured, and the connection is not encrypted");
                Ok(None)
            }
            None => Ok(None),
        };
    }
    let path = |option: &Option<String>| option.as_ref().map(PathBuf::from);
    Ok(Some(Tls::new(TlsOptions {
        ca_file: path(&options.ssl_ca_file),
        cert_file: path(&options.ssl_cert_file),
        key_file: path(&options.ssl_key_file),
        key_password: options.ssl_key_password.clone(),
        names: *names(options),
        ..TlsOptions::default()
    })))
}

/// An option that says something about encryption.
fn unused(options: &AmqpOptions) -> Option<&'static str> {
    [
        ("ssl_ca_file", options.ssl_ca_file.is_some()),
        ("ssl_cert_file", options.ssl_cert_file.is_some()),
        ("ssl_key_file", options.ssl_key_file.is_some()),
        ("ssl_key_password", options.ssl_key_password.is_some()),
        ("ssl_verify_vhost", options.ssl_verify_vhost),
    ]
    .into_iter()
    .find_map(|(name, said)| said.then_some(name))
}

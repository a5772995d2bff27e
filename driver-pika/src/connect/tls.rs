//! The options of TLS, in core's terms.

use busway_core::net::{Tls, TlsNames, TlsOptions, TlsVersion};

use crate::ssl::{CertReqs, SslOptions, SslVersion};

/// The keys of `ssl_options`.
pub(super) const NAMES: TlsNames = TlsNames {
    prefix: "ssl_options: ",
    ca_file: "ca_certs",
    cert_file: "certfile",
    key_file: "keyfile",
    key_password: None,
    version: "ssl_version",
    ..TlsNames::DEFAULT
};

pub(super) fn tls(options: SslOptions) -> Tls {
    let checked = match options.cert_reqs {
        CertReqs::None => {
            tracing::warn!(
                "cert_reqs is CERT_NONE: the broker's certificate is not checked, so that anybody \
                 in between can read along and pose as the broker"
            );
            false
        }
        CertReqs::Optional | CertReqs::Required => true,
    };
    let least = match options.ssl_version {
        SslVersion::Tls12 => TlsVersion::Tls12,
        SslVersion::Tls13 => TlsVersion::Tls13,
    };
    Tls::new(TlsOptions {
        ca_file: options.ca_certs,
        cert_file: options.certfile,
        key_file: options.keyfile,
        key_password: None,
        checked,
        least,
        names: NAMES,
    })
}

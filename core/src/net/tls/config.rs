//! Options and files, made into what rustls asks for.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};

use super::files::{self, Label, Password};
use super::nobody::Nobody;
use super::unchecked::Unchecked;
use super::{TlsOptions, TlsVersion};
use crate::{Error, ErrorKind, Result};

/// Reads the files: this takes a while.
pub(super) fn config(options: &TlsOptions, nobody: Arc<Nobody>) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = if options.checked {
        checked(options, provider.clone())?
    } else {
        Arc::new(Unchecked::new(provider.clone()))
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions(options.least))
        .map_err(|error| internal(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some(cert_file) = &options.cert_file else {
        return Ok(builder.with_client_cert_resolver(nobody));
    };
    let names = options.names;
    let label = |option| Label { prefix: names.prefix, option };
    let chain = files::certificates(label(names.cert_file), cert_file)?;
    let (label, key_file) = match &options.key_file {
        Some(key_file) => (label(names.key_file), key_file),
        None => (label(names.cert_file), cert_file),
    };
    let password = Password { option: names.key_password, password: options.key_password.as_ref() };
    let key = files::key(label, key_file, password)?;
    builder.with_client_auth_cert(chain, key).map_err(|error| {
        let what = match error {
            rustls::Error::InconsistentKeys(_) => {
                format!("the key is not that of the certificate in {}", names.cert_file)
            }
            other => format!("certificate and key cannot be used: {other}"),
        };
        files::wrong(label, key_file, what).with(names.cert_file, cert_file.display())
    })
}

/// What checks the peer's certificate and name.
fn checked(
    options: &TlsOptions,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>> {
    let names = options.names;
    let mut roots = RootCertStore::empty();
    if let Some(path) = &options.ca_file {
        let label = Label { prefix: names.prefix, option: names.ca_file };
        for certificate in files::certificates(label, path)? {
            roots.add(certificate).map_err(|error| {
                files::wrong(label, path, format!("a certificate cannot be used: {error}"))
            })?;
        }
    } else {
        let found = rustls_native_certs::load_native_certs();
        let (usable, _) = roots.add_parsable_certificates(found.certs);
        if usable == 0 {
            let reason = found.errors.first().map_or(String::new(), |error| format!(": {error}"));
            let option = names.ca_file;
            let message = format!("the system trusts no authority; name one in {option}{reason}");
            return Err(Error::new(ErrorKind::Configuration, message));
        }
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().map_err(
        |error| {
            let message = format!("the broker's certificate cannot be checked: {error}");
            Error::new(ErrorKind::Configuration, message)
        },
    )
}

static FROM_1_2: [&SupportedProtocolVersion; 2] = [&version::TLS13, &version::TLS12];

fn versions(least: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    match least {
        TlsVersion::Tls12 => &FROM_1_2,
        TlsVersion::Tls13 => &FROM_1_2[..1],
    }
}

fn internal(error: &rustls::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("TLS cannot be set up: {error}"))
}

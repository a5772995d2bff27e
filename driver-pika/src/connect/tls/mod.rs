//! TLS by rustls: whom we trust, who we are, and the handshake.

mod files;
mod nobody;
mod refusal;
mod stream;
mod unchecked;

use std::sync::Arc;

use busway_core::{Error, ErrorKind, Result};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::ssl::{CertReqs, SslOptions, SslVersion};

use nobody::Nobody;
pub(super) use refusal::{describe, is_of_tls};
pub(super) use stream::Encrypted;

/// How connections are encrypted.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    options: Arc<SslOptions>,
}

impl Tls {
    pub(super) fn new(options: SslOptions) -> Self {
        if options.cert_reqs == CertReqs::None {
            tracing::warn!(
                "cert_reqs is CERT_NONE: the broker's certificate is not checked, so that anybody \
                 in between can read along and pose as the broker"
            );
        }
        Self { options: Arc::new(options) }
    }

    /// Whether a client certificate is there to log in by.
    pub(super) fn has_certificate(&self) -> bool {
        self.options.certfile.is_some()
    }

    /// Shakes hands with the broker of this name or address; tells too whether it asked in vain
    /// for a client certificate. The files are read each time: certificates that were renewed
    /// meanwhile are used.
    pub(super) async fn handshake(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<(Encrypted, bool)> {
        let name = server_name(host)?;
        let options = self.options.clone();
        let nobody = Arc::new(Nobody::default());
        let resolver = nobody.clone();
        let config = tokio::task::spawn_blocking(move || config(&options, resolver)).await;
        let config = config.map_err(|_| {
            Error::new(ErrorKind::Internal, "reading the certificates did not come to an end")
        })??;
        let connector = TlsConnector::from(Arc::new(config));
        let connected = connector.connect(name, stream).await;
        let stream = connected.map_err(|error| describe(&error))?;
        Ok((Encrypted::new(stream), nobody.was_asked()))
    }
}

/// The name that the broker's certificate has to stand for.
fn server_name(host: &str) -> Result<ServerName<'static>> {
    // The zone of an IPv6 address is this machine's own affair.
    let name = host.split_once('%').map_or(host, |(address, _)| address);
    ServerName::try_from(name.to_owned()).map_err(|_| {
        let message = format!("'{host}' is no name that a certificate can stand for");
        Error::new(ErrorKind::Configuration, message)
    })
}

fn config(options: &SslOptions, nobody: Arc<Nobody>) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match options.cert_reqs {
        CertReqs::None => Arc::new(unchecked::Unchecked::new(provider.clone())),
        CertReqs::Optional | CertReqs::Required => checked(options, provider.clone())?,
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions(options.ssl_version))
        .map_err(|error| internal(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some(certfile) = &options.certfile else {
        return Ok(builder.with_client_cert_resolver(nobody));
    };
    let chain = files::certificates("certfile", certfile)?;
    let (option, keyfile) = match &options.keyfile {
        Some(keyfile) => ("keyfile", keyfile),
        None => ("certfile", certfile),
    };
    let key = files::key(option, keyfile)?;
    builder.with_client_auth_cert(chain, key).map_err(|error| {
        let error = match error {
            rustls::Error::InconsistentKeys(_) => {
                files::wrong(option, keyfile, "the key is not that of the certificate in certfile")
            }
            other => files::wrong(
                option,
                keyfile,
                format!("certificate and key cannot be used: {other}"),
            ),
        };
        error.with("certfile", certfile.display())
    })
}

/// What checks the broker's certificate and name.
fn checked(
    options: &SslOptions,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &options.ca_certs {
        for certificate in files::certificates("ca_certs", path)? {
            roots.add(certificate).map_err(|error| {
                files::wrong("ca_certs", path, format!("a certificate cannot be used: {error}"))
            })?;
        }
    } else {
        let found = rustls_native_certs::load_native_certs();
        let (usable, _) = roots.add_parsable_certificates(found.certs);
        if usable == 0 {
            let reason = found.errors.first().map_or(String::new(), |error| format!(": {error}"));
            let message = format!("the system trusts no authority; name one in ca_certs{reason}");
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

fn versions(least: SslVersion) -> &'static [&'static SupportedProtocolVersion] {
    match least {
        SslVersion::Tls12 => &FROM_1_2,
        SslVersion::Tls13 => &FROM_1_2[..1],
    }
}

fn internal(error: &rustls::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("TLS cannot be set up: {error}"))
}

//! TLS by rustls: whom we trust, who we are, and the handshake.

mod config;
mod files;
mod nobody;
mod options;
mod refusal;
mod stream;
mod unchecked;

use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{Error, ErrorKind, Result};

use nobody::Nobody;
pub use options::{TlsNames, TlsOptions, TlsVersion};
pub use refusal::{describe, is_of_tls};
pub use stream::Encrypted;

/// The client's side of TLS.
///
/// ```
/// use busway_core::net::{Tls, TlsOptions};
///
/// let options = TlsOptions { cert_file: Some("/etc/client.pem".into()), ..TlsOptions::default() };
/// assert!(Tls::new(options).has_certificate());
/// ```
#[derive(Clone, Debug)]
pub struct Tls {
    options: Arc<TlsOptions>,
}

/// A stream whose handshake is done.
#[derive(Debug)]
pub struct Handshake {
    /// The stream.
    pub stream: Encrypted,
    /// Whether the peer asked for a client certificate and there was none: it may hang up for
    /// that without a word.
    pub asked_in_vain: bool,
}

impl Tls {
    /// TLS with these options; files are looked at by [`handshake`](Self::handshake).
    #[must_use]
    pub fn new(options: TlsOptions) -> Self {
        Self { options: Arc::new(options) }
    }

    /// Whether a client certificate is there to log in by.
    #[must_use]
    pub fn has_certificate(&self) -> bool {
        self.options.cert_file.is_some()
    }

    /// What the driver calls the options.
    #[must_use]
    pub fn names(&self) -> &TlsNames {
        &self.options.names
    }

    /// Shakes hands with the peer of this name or address. The files are read each time:
    /// certificates that were renewed meanwhile are used.
    ///
    /// Without a deadline of its own: the caller sets one.
    ///
    /// ```no_run
    /// use busway_core::net::{TcpOptions, Tls, TlsOptions, connect};
    ///
    /// # async fn example() -> busway_core::Result<()> {
    /// let stream = connect("broker.example", 5671, TcpOptions::default()).await?;
    /// let tls = Tls::new(TlsOptions::default());
    /// let encrypted = tls.handshake("broker.example", stream).await?.stream;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for a file that cannot be read or used, and for a host that no
    /// certificate can stand for; [`ErrorKind::Refused`] when the peer refuses;
    /// [`ErrorKind::Connection`] when its certificate is not to be trusted, when it does not speak
    /// TLS, and when the connection fails.
    pub async fn handshake(&self, host: &str, stream: TcpStream) -> Result<Handshake> {
        let name = server_name(host)?;
        let options = self.options.clone();
        let nobody = Arc::new(Nobody::default());
        let resolver = nobody.clone();
        let config = tokio::task::spawn_blocking(move || config::config(&options, resolver)).await;
        let config = config.map_err(|_| {
            Error::new(ErrorKind::Internal, "reading the certificates did not come to an end")
        })??;
        let connector = TlsConnector::from(Arc::new(config));
        let connected = connector.connect(name, stream).await;
        let stream = connected.map_err(|error| describe(&error, &self.options.names))?;
        Ok(Handshake { stream: Encrypted::new(stream), asked_in_vain: nobody.was_asked() })
    }
}

/// The name that the peer's certificate has to stand for.
fn server_name(host: &str) -> Result<ServerName<'static>> {
    // The zone of an IPv6 address is this machine's own affair.
    let name = host.split_once('%').map_or(host, |(address, _)| address);
    ServerName::try_from(name.to_owned()).map_err(|_| {
        let message = format!("'{host}' is no name that a certificate can stand for");
        Error::new(ErrorKind::Configuration, message)
    })
}

//! A doorman before the desk broker: it speaks TLS and SASL in ways that the broker does not.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use busway_testkit::brokers::Desk;
use busway_testkit::certificates::{Authority, Issued};
use fe2o3_amqp::frames::sasl::Frame;
use fe2o3_amqp::types::sasl::{SaslCode, SaslInit};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, RootCertStore};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::peer::{SASL, Stream, offer, outcome, peer, read_sasl, write_sasl};

/// What was seen of a client.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) mechanism: String,
    pub(crate) response: Vec<u8>,
    pub(crate) hostname: Option<String>,
    /// The name that it asked for in the TLS handshake.
    pub(crate) server_name: Option<String>,
    pub(crate) certificate: bool,
}

impl Seen {
    fn of(init: SaslInit) -> Self {
        Self {
            mechanism: init.mechanism.as_str().to_owned(),
            response: init.initial_response.as_deref().cloned().unwrap_or_default(),
            hostname: init.hostname,
            ..Self::default()
        }
    }
}

/// A doorman, who lets in whoever uses one of the mechanisms, and the broker behind him.
pub(crate) struct Doorman {
    pub(crate) port: u16,
    pub(crate) seen: UnboundedReceiver<io::Result<Seen>>,
    _broker: Arc<Desk>,
}

impl Doorman {
    /// Without TLS.
    pub(crate) async fn offering(mechanisms: &'static [&'static str]) -> Self {
        let broker = Arc::new(Desk::start().await.expect("a broker"));
        let inside = broker.address();
        let (address, seen) = peer(move |mut stream| async move {
            let seen = Seen::of(offer(&mut stream, mechanisms).await?);
            outcome(&mut stream, SaslCode::Ok, None).await?;
            let_in(stream, inside);
            Ok(seen)
        })
        .await;
        Self { port: address.port(), seen, _broker: broker }
    }

    /// With TLS, and with a look at the client's certificate.
    pub(crate) async fn with_tls(
        acceptor: TlsAcceptor,
        mechanisms: &'static [&'static str],
    ) -> Self {
        let broker = Arc::new(Desk::start().await.expect("a broker"));
        let inside = broker.address();
        let (address, seen) = peer(move |stream| {
            let accepting = acceptor.accept(stream);
            async move {
                let mut stream: TlsStream<TcpStream> = accepting.await?;
                let init = offer(&mut stream, mechanisms).await?;
                outcome(&mut stream, SaslCode::Ok, None).await?;
                let tls = stream.get_ref().1;
                let seen = Seen {
                    server_name: tls.server_name().map(str::to_owned),
                    certificate: tls.peer_certificates().is_some(),
                    ..Seen::of(init)
                };
                let_in(stream, inside);
                Ok(seen)
            }
        })
        .await;
        Self { port: address.port(), seen, _broker: broker }
    }

    pub(crate) async fn saw(&mut self) -> Seen {
        self.seen.recv().await.expect("a client").expect("a login")
    }
}

/// Goes between a client and the broker, to which it logs in as nobody, until one of them leaves.
pub(crate) fn let_in(mut client: impl Stream + 'static, broker: SocketAddr) {
    tokio::spawn(async move {
        let mut broker = TcpStream::connect(broker).await?;
        broker.write_all(SASL).await?;
        broker.read_exact(&mut [0; 8]).await?;
        read_sasl(&mut broker).await?;
        let init =
            SaslInit { mechanism: "ANONYMOUS".into(), initial_response: None, hostname: None };
        write_sasl(&mut broker, &Frame::Init(init)).await?;
        read_sasl(&mut broker).await?;
        copy_bidirectional(&mut client, &mut broker).await
    });
}

fn chain(file: &Path) -> Vec<CertificateDer<'static>> {
    let certificates = CertificateDer::pem_file_iter(file).expect("a file");
    certificates.collect::<Result<_, _>>().expect("certificates")
}

/// What speaks TLS with this certificate, and asks clients for one of the authority.
pub(crate) fn acceptor(issued: &Issued, clients: &Authority, must: bool) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(chain(clients.file()));
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let verifier = if must { verifier } else { verifier.allow_unauthenticated() };
    let key = PrivateKeyDer::from_pem_file(&issued.key).expect("a key");
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(chain(&issued.certificate), key)
        .expect("a certificate and its key");
    TlsAcceptor::from(Arc::new(config))
}

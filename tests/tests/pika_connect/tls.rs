//! TLS with a broker that speaks it.

use std::path::Path;
use std::sync::Arc;

use busway_core::{ErrorKind, TransportUrl};
use busway_testkit::brokers::RabbitMq;
use busway_testkit::certificates::{Authority, Issued};
use libtest_mimic::Trial;
use serde_json::{Map, Value};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::{TlsAcceptor, rustls};

use crate::peer::peer;
use crate::stand::{Stand, assert_says, bobs, connections, echo, open, refused, trial, url};

pub(crate) fn trials(stand: &Arc<Stand>) -> Vec<Trial> {
    vec![
        trial("a_call_goes_through_tls", stand, a_call_goes_through_tls),
        trial("the_option_ssl_encrypts_too", stand, the_option_ssl_encrypts_too),
        trial("a_body_of_many_records_comes_through", stand, a_body_of_many_records_comes_through),
        trial("an_unknown_authority_is_refused", stand, an_unknown_authority_is_refused),
        trial("an_expired_certificate_is_refused", stand, an_expired_certificate_is_refused),
        trial("another_host_name_is_refused", stand, another_host_name_is_refused),
        trial("cert_none_takes_any_certificate", stand, cert_none_takes_any_certificate),
        trial("a_certificate_logs_in_alone", stand, a_certificate_logs_in_alone),
        trial("credentials_go_before_the_certificate", stand, credentials_go_before_it),
        trial("a_user_nobody_knows_is_refused", stand, a_user_nobody_knows_is_refused),
        trial("a_missing_client_certificate_is_refused", stand, a_missing_one_is_refused),
        trial("a_strangers_certificate_is_refused", stand, a_strangers_certificate_is_refused),
        trial("files_that_are_no_good_are_named", stand, files_that_are_no_good_are_named),
        trial("a_file_may_hold_certificate_and_key", stand, a_file_may_hold_both),
        trial("tls_1_3_is_spoken_when_asked_for", stand, tls_1_3_is_spoken_when_asked_for),
        trial("tls_on_the_plain_port_is_an_error", stand, tls_on_the_plain_port_is_an_error),
        trial("plain_on_the_tls_port_is_an_error", stand, plain_on_the_tls_port_is_an_error),
    ]
}

/// `ssl_options` as JSON.
struct Ssl(Map<String, Value>);

impl Ssl {
    fn trusting(authority: &Authority) -> Self {
        Self(Map::new()).with("ca_certs", &path(authority.file()))
    }

    fn with(mut self, key: &str, value: &str) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    fn showing(self, issued: &Issued) -> Self {
        self.with("certfile", &path(&issued.certificate)).with("keyfile", &path(&issued.key))
    }

    fn of(self, url: TransportUrl) -> TransportUrl {
        url.with_option("ssl_options", Value::Object(self.0).to_string())
    }
}

fn path(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

fn tls_port(broker: &RabbitMq) -> u16 {
    broker.tls_address().expect("TLS").port()
}

async fn a_call_goes_through_tls(stand: Arc<Stand>) {
    for host in ["localhost", "127.0.0.1"] {
        let url = bobs("pika+tls", host, tls_port(stand.broker()));
        let transport = open(Ssl::trusting(stand.authority()).of(url)).await.expect("open");
        echo(&transport, 10).await;
        transport.close().await.expect("closed");
    }
}

async fn the_option_ssl_encrypts_too(stand: Arc<Stand>) {
    let broker = stand.broker();
    let vhost = broker.add_vhost().expect("a virtual host");
    let url = url("pika", "127.0.0.1", tls_port(broker)).with_option("ssl", "true");
    // As Python writes it.
    let options = format!("{{'ca_certs': '{}', 'cert_reqs': 2}}", path(stand.authority().file()));
    let url = url.with_option("ssl_options", options).with_vhost(&vhost);
    let transport = open(url).await.expect("open");
    let seen = connections(broker, &vhost, "ssl");
    assert_eq!(seen, "[[{ssl,true}]]");
    transport.close().await.expect("closed");
}

async fn a_body_of_many_records_comes_through(stand: Arc<Stand>) {
    let url = bobs("pika+tls", "127.0.0.1", tls_port(stand.broker()));
    let transport = open(Ssl::trusting(stand.authority()).of(url)).await.expect("open");
    echo(&transport, 3_000_000).await;
    transport.close().await.expect("closed");
}

async fn an_unknown_authority_is_refused(stand: Arc<Stand>) {
    let other = Authority::new().expect("an authority");
    let port = tls_port(stand.broker());
    let wrong = Ssl::trusting(&other).of(bobs("pika+tls", "127.0.0.1", port));
    // Without ca_certs the system's are asked, which does not know it either.
    for url in [wrong, bobs("pika+tls", "127.0.0.1", port)] {
        let error = refused(url, ErrorKind::Connection).await;
        assert!(!error.is_retryable());
        assert_eq!(error.get("peer"), Some(format!("127.0.0.1:{port}").as_str()));
        assert_says(&error, &["certificate is refused", "ca_certs"]);
    }
}

/// What speaks TLS with this certificate.
fn acceptor(issued: &Issued) -> TlsAcceptor {
    let certificates = CertificateDer::pem_file_iter(&issued.certificate).expect("a file");
    let certificates = certificates.collect::<Result<_, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_file(&issued.key).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().expect("versions");
    let config = config.with_no_client_auth().with_single_cert(certificates, key);
    TlsAcceptor::from(Arc::new(config.expect("a certificate and its key")))
}

async fn an_expired_certificate_is_refused(stand: Arc<Stand>) {
    let expired = stand.authority().issue_expired("broker", &["127.0.0.1"]);
    let acceptor = acceptor(&expired.expect("a certificate"));
    let (address, mut told) = peer(move |stream| acceptor.accept(stream)).await;
    let url = bobs("pika+tls", "127.0.0.1", address.port());
    let error = refused(Ssl::trusting(stand.authority()).of(url), ErrorKind::Connection).await;
    assert!(!error.is_retryable());
    assert_says(&error, &["certificate is refused", "has expired", &address.to_string()]);
    told.recv().await.expect("a handshake").expect_err("it was refused");
}

async fn another_host_name_is_refused(stand: Arc<Stand>) {
    // The certificate does not stand for this address, which leads to the same broker.
    let listener = TcpListener::bind("127.0.0.2:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let broker = stand.broker().tls_address().expect("TLS");
    let forwarding = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.expect("a client");
        let mut broker = TcpStream::connect(broker).await.expect("the broker");
        // It ends when one of them has had enough.
        let _ = copy_bidirectional(&mut client, &mut broker).await;
    });
    let url = Ssl::trusting(stand.authority()).of(bobs("pika+tls", "127.0.0.2", port));
    let error = refused(url, ErrorKind::Connection).await;
    assert!(!error.is_retryable());
    assert_says(&error, &["does not stand for the host", "127.0.0.2"]);
    forwarding.await.expect("it ends");
}

async fn cert_none_takes_any_certificate(stand: Arc<Stand>) {
    let url = bobs("pika+tls", "localhost", tls_port(stand.broker()));
    let transport = open(Ssl(Map::new()).with("cert_reqs", "CERT_NONE").of(url)).await;
    transport.expect("open").close().await.expect("closed");
}

async fn a_certificate_logs_in_alone(stand: Arc<Stand>) {
    let alice = stand.authority().issue("alice", &[]).expect("a certificate");
    for broker in [stand.broker(), stand.strict()] {
        let url = url("pika+tls", "127.0.0.1", tls_port(broker));
        let url = Ssl::trusting(stand.authority()).showing(&alice).of(url);
        let transport = open(url).await.expect("open");
        let seen = connections(broker, "/", "user, auth_mechanism");
        assert!(seen.contains(r#"[{user,<<"alice">>},{auth_mechanism,<<"EXTERNAL">>}]"#), "{seen}");
        echo(&transport, 10).await;
        transport.close().await.expect("closed");
    }
}

async fn credentials_go_before_it(stand: Arc<Stand>) {
    let broker = stand.strict();
    let alice = stand.authority().issue("alice", &[]).expect("a certificate");
    let url = bobs("pika+tls", "127.0.0.1", tls_port(broker));
    let transport = open(Ssl::trusting(stand.authority()).showing(&alice).of(url)).await;
    let transport = transport.expect("open");
    let seen = connections(broker, "/", "user, auth_mechanism");
    assert!(seen.contains(r#"[{user,<<"bob">>},{auth_mechanism,<<"PLAIN">>}]"#), "{seen}");
    transport.close().await.expect("closed");
}

async fn a_user_nobody_knows_is_refused(stand: Arc<Stand>) {
    let mallory = stand.authority().issue("mallory", &[]).expect("a certificate");
    let url = url("pika+tls", "127.0.0.1", tls_port(stand.broker()));
    let url = Ssl::trusting(stand.authority()).showing(&mallory).of(url);
    let error = refused(url, ErrorKind::Refused).await;
    assert_says(&error, &["ACCESS_REFUSED", "EXTERNAL"]);
}

async fn a_missing_one_is_refused(stand: Arc<Stand>) {
    for version in ["TLSv1_2", "TLSv1_3"] {
        let url = bobs("pika+tls", "127.0.0.1", tls_port(stand.strict()));
        let url = Ssl::trusting(stand.authority()).with("ssl_version", version).of(url);
        let error = refused(url, ErrorKind::Refused).await;
        assert_says(&error, &["client certificate", "certfile"]);
    }
}

async fn a_strangers_certificate_is_refused(stand: Arc<Stand>) {
    let other = Authority::new().expect("an authority");
    let alice = other.issue("alice", &[]).expect("a certificate");
    let url = url("pika+tls", "127.0.0.1", tls_port(stand.strict()));
    let url = Ssl::trusting(stand.authority()).showing(&alice).of(url);
    let error = open(url).await.expect_err("a stranger");
    // The broker's word for it may be lost when it hangs up at once.
    assert!(matches!(error.kind(), ErrorKind::Refused | ErrorKind::Connection), "{error:?}");
    assert_says(&error, &["our client certificate"]);
}

async fn tls_1_3_is_spoken_when_asked_for(stand: Arc<Stand>) {
    let broker = stand.broker();
    let vhost = broker.add_vhost().expect("a virtual host");
    let url = url("pika+tls", "127.0.0.1", tls_port(broker)).with_vhost(&vhost);
    let url = Ssl::trusting(stand.authority()).with("ssl_version", "TLSv1_3").of(url);
    let transport = open(url).await.expect("open");
    let seen = connections(broker, &vhost, "ssl_protocol");
    assert_eq!(seen, "[[{ssl_protocol,'tlsv1.3'}]]");
    transport.close().await.expect("closed");
}

async fn tls_on_the_plain_port_is_an_error(stand: Arc<Stand>) {
    let port = stand.broker().address().port();
    let url = Ssl::trusting(stand.authority()).of(bobs("pika+tls", "127.0.0.1", port));
    let error = refused(url, ErrorKind::Connection).await;
    assert_says(&error, &["does not speak TLS", &port.to_string()]);
}

async fn plain_on_the_tls_port_is_an_error(stand: Arc<Stand>) {
    let port = tls_port(stand.broker());
    let error = refused(bobs("pika", "127.0.0.1", port), ErrorKind::Connection).await;
    assert_says(&error, &["TLS", &port.to_string()]);
}

async fn files_that_are_no_good_are_named(stand: Arc<Stand>) {
    let authority = stand.authority();
    let port = tls_port(stand.broker());
    let alice = authority.issue("alice", &[]).expect("a certificate");
    let other = authority.issue("other", &[]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("a file");
        path(&file)
    };
    let key = std::fs::read_to_string(&alice.key).expect("a key");
    let pkcs8 = file("pkcs8.pem", &key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"));
    let header = "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n";
    let older = file("older.pem", &key.replace("PRIVATE KEY-----\n", header));
    let text = file("text.pem", "this is no certificate");
    let cut = file("cut.pem", &key[..key.len() / 2]);
    let missing = path(&folder.path().join("missing.pem"));
    let trusting = || Ssl::trusting(authority);
    let as_alice = || trusting().showing(&alice);
    let certificate = path(&alice.certificate);
    for (options, option, named, words) in [
        (trusting().with("ca_certs", &missing), "ca_certs", &missing, "cannot be read"),
        (trusting().with("ca_certs", &text), "ca_certs", &text, "no certificate in PEM"),
        (as_alice().with("certfile", &missing), "certfile", &missing, "cannot be read"),
        (as_alice().with("certfile", &text), "certfile", &text, "no certificate in PEM"),
        (as_alice().with("keyfile", &missing), "keyfile", &missing, "cannot be read"),
        (as_alice().with("keyfile", &text), "keyfile", &text, "no private key in PEM"),
        (as_alice().with("keyfile", &cut), "keyfile", &cut, "ends within a section"),
        (as_alice().with("keyfile", &pkcs8), "keyfile", &pkcs8, "encrypted"),
        (as_alice().with("keyfile", &older), "keyfile", &older, "encrypted"),
        (as_alice().with("keyfile", &path(&other.key)), "keyfile", &path(&other.key), "not that"),
        (
            trusting().with("certfile", &certificate),
            "certfile",
            &certificate,
            "no private key in PEM",
        ),
    ] {
        let url = options.of(bobs("pika+tls", "127.0.0.1", port));
        let error = refused(url, ErrorKind::Configuration).await;
        assert_eq!(error.get("option"), Some(option), "{error}");
        assert_eq!(error.get("path"), Some(named.as_str()), "{error}");
        assert_says(&error, &[words]);
    }
}

async fn a_file_may_hold_both(stand: Arc<Stand>) {
    let alice = stand.authority().issue("alice", &[]).expect("a certificate");
    let read = |file: &Path| std::fs::read_to_string(file).expect("a file");
    let both = format!("{}{}", read(&alice.certificate), read(&alice.key));
    std::fs::write(&alice.certificate, both).expect("a file");
    let url = url("pika+tls", "127.0.0.1", tls_port(stand.broker()));
    let options = Ssl::trusting(stand.authority()).with("certfile", &path(&alice.certificate));
    let transport = open(options.of(url)).await.expect("open");
    transport.close().await.expect("closed");
}

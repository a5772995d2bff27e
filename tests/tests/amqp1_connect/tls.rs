//! TLS in all its options.

use busway_broker::Broker;
use busway_core::{ErrorKind, TransportUrl};
use busway_testkit::brokers::Desk;
use busway_testkit::certificates::{Authority, Issued};
use pkcs8::der::pem::LineEnding;
use pkcs8::pkcs5::pbes2::Parameters;
use pkcs8::{PrivateKeyInfoRef, SecretDocument};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::doorman::{Doorman, acceptor};
use crate::peer::peer;
use crate::stand::{PASSWORD, assert_says, bobs, echo, open, path, refused, url, works};

fn authority() -> Authority {
    Authority::new().expect("an authority")
}

/// A broker with TLS, whose certificate stands for these names.
async fn broker(authority: &Authority, names: &[&str]) -> (Desk, u16) {
    let issued = authority.issue("broker", names).expect("a certificate");
    let builder = Broker::builder()
        .user("bob", PASSWORD)
        .anonymous(true)
        .tls(&issued.certificate, &issued.key);
    let broker = Desk::start_as(builder).await.expect("a broker");
    let port = broker.address().port();
    (broker, port)
}

const HERE: &[&str] = &["localhost", "127.0.0.1"];

trait Secured: Sized {
    fn trusting(self, authority: &Authority) -> Self;
    fn showing(self, issued: &Issued) -> Self;
}

impl Secured for TransportUrl {
    fn trusting(self, authority: &Authority) -> Self {
        self.with_option("ssl_ca_file", path(authority.file()))
    }

    fn showing(self, issued: &Issued) -> Self {
        self.with_option("ssl_cert_file", path(&issued.certificate))
            .with_option("ssl_key_file", path(&issued.key))
    }
}

#[tokio::test]
async fn a_call_goes_through_tls() {
    let authority = authority();
    let (_broker, port) = broker(&authority, HERE).await;
    for url in [
        bobs("amqps", "localhost", port),
        url("amqps", "127.0.0.1", port),
        bobs("amqp", "127.0.0.1", port).with_option("ssl", "true"),
    ] {
        works(url.trusting(&authority)).await;
    }
}

#[tokio::test]
async fn a_body_of_many_records_comes_through() {
    let authority = authority();
    let (_broker, port) = broker(&authority, HERE).await;
    let transport = open(url("amqps", "localhost", port).trusting(&authority)).await.expect("open");
    echo(&transport, 3_000_000).await;
    transport.close().await.expect("closed");
}

#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let (_broker, port) = broker(&authority(), HERE).await;
    // Without one of our own the system's are asked, who do not know it either.
    for url in
        [url("amqps", "127.0.0.1", port).trusting(&authority()), url("amqps", "127.0.0.1", port)]
    {
        let error = refused(url, ErrorKind::Connection).await;
        assert!(!error.is_retryable());
        assert_says(&error, &["certificate is refused", "ssl_ca_file"]);
    }
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let authority = authority();
    let expired = authority.issue_expired("broker", HERE).expect("a certificate");
    let acceptor = acceptor(&expired, &authority, false);
    let (address, mut told) = peer(move |stream| acceptor.accept(stream)).await;
    let url = url("amqps", "127.0.0.1", address.port()).trusting(&authority);
    let error = refused(url, ErrorKind::Connection).await;
    assert_says(&error, &["certificate is refused", "has expired"]);
    told.recv().await.expect("a handshake").expect_err("it was refused");
}

#[tokio::test]
async fn another_host_name_is_refused() {
    let authority = authority();
    let (broker, _) = broker(&authority, HERE).await;
    // The certificate does not stand for this address, which leads to the same broker.
    let listener = TcpListener::bind("127.0.0.2:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let inside = broker.address();
    let forwarding = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.expect("a client");
        let mut broker = TcpStream::connect(inside).await.expect("the broker");
        // It ends when one of them has had enough.
        let _ = copy_bidirectional(&mut client, &mut broker).await;
    });
    let url = url("amqps", "127.0.0.2", port).trusting(&authority);
    let error = refused(url, ErrorKind::Connection).await;
    assert!(!error.is_retryable());
    assert_says(&error, &["does not stand for the host", "127.0.0.2"]);
    forwarding.await.expect("it ends");
}

#[tokio::test]
async fn the_certificate_may_have_to_stand_for_the_virtual_host() {
    let authority = authority();
    let issued = authority.issue("broker", &["tenant.example"]).expect("a certificate");
    let acceptor = acceptor(&issued, &authority, false);
    let mut doorman = Doorman::with_tls(acceptor, &["ANONYMOUS"]).await;
    let of = |vhost: &str| {
        let url = url("amqps", "127.0.0.1", doorman.port).trusting(&authority).with_vhost(vhost);
        url.with_option("ssl_verify_vhost", "true")
    };
    let other = refused(of("other.example"), ErrorKind::Connection).await;
    assert_says(&other, &["does not stand for the virtual host", "ssl_verify_vhost"]);
    let host = url("amqps", "127.0.0.1", doorman.port).trusting(&authority);
    let host = refused(host.with_vhost("tenant.example"), ErrorKind::Connection).await;
    assert_says(&host, &["does not stand for the host"]);
    works(of("tenant.example")).await;
    let mut names = Vec::new();
    while names.is_empty() {
        if let Ok(seen) = doorman.seen.recv().await.expect("a client") {
            names.extend(seen.server_name);
        }
    }
    assert_eq!(names, ["tenant.example"]);
}

#[tokio::test]
async fn a_certificate_logs_in_alone_and_credentials_go_before_it() {
    let authority = authority();
    let issued = authority.issue("broker", HERE).expect("a certificate");
    let acceptor = acceptor(&issued, &authority, true);
    let mut doorman = Doorman::with_tls(acceptor, &["PLAIN", "EXTERNAL", "ANONYMOUS"]).await;
    let alice = authority.issue("alice", &[]).expect("a certificate");
    for (url, mechanism) in [
        (url("amqps", "127.0.0.1", doorman.port), "EXTERNAL"),
        (bobs("amqps", "127.0.0.1", doorman.port), "PLAIN"),
        (
            bobs("amqps", "127.0.0.1", doorman.port).with_option("sasl_mechanisms", "EXTERNAL"),
            "EXTERNAL",
        ),
    ] {
        works(url.trusting(&authority).showing(&alice)).await;
        let seen = doorman.saw().await;
        assert_eq!((seen.mechanism.as_str(), seen.certificate), (mechanism, true));
    }
}

#[tokio::test]
async fn a_missing_or_strange_client_certificate_is_refused() {
    let (authority, other) = (authority(), authority());
    let issued = authority.issue("broker", HERE).expect("a certificate");
    let acceptor = acceptor(&issued, &authority, true);
    let doorman = Doorman::with_tls(acceptor, &["EXTERNAL"]).await;
    let trusting = || url("amqps", "127.0.0.1", doorman.port).trusting(&authority);
    let error = refused(trusting(), ErrorKind::Refused).await;
    assert_says(&error, &["client certificate", "ssl_cert_file"]);
    let stranger = other.issue("alice", &[]).expect("a certificate");
    let error = open(trusting().showing(&stranger)).await.expect_err("a stranger");
    // The peer's word for it may be lost when it hangs up at once.
    assert!(matches!(error.kind(), ErrorKind::Refused | ErrorKind::Connection), "{error:?}");
    assert_says(&error, &["our client certificate"]);
}

/// The key, encrypted by the password.
fn sealed(issued: &Issued) -> String {
    let text = std::fs::read_to_string(&issued.key).expect("a key");
    let (_, key) = SecretDocument::from_pem(&text).expect("a key");
    let info = PrivateKeyInfoRef::try_from(key.as_bytes()).expect("a key");
    let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(1000, &[7; 16], [9; 16]);
    let sealed = info.encrypt_with_params(parameters.expect("parameters"), PASSWORD);
    let sealed = sealed.expect("encrypted").to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF);
    sealed.expect("PEM").to_string()
}

#[tokio::test]
async fn an_encrypted_key_is_opened_by_its_password() {
    let authority = authority();
    let issued = authority.issue("broker", HERE).expect("a certificate");
    let acceptor = acceptor(&issued, &authority, true);
    let mut doorman = Doorman::with_tls(acceptor, &["EXTERNAL"]).await;
    let alice = authority.issue("alice", &[]).expect("a certificate");
    std::fs::write(&alice.key, sealed(&alice)).expect("written");
    let url = || url("amqps", "127.0.0.1", doorman.port).trusting(&authority).showing(&alice);
    works(url().with_option("ssl_key_password", PASSWORD)).await;
    let (missing, wrong) = (url(), url().with_option("ssl_key_password", "hunter3"));
    assert!(doorman.saw().await.certificate);
    let error = refused(missing, ErrorKind::Configuration).await;
    assert_says(&error, &["ssl_key_file", "ssl_key_password is not set"]);
    let error = refused(wrong, ErrorKind::Configuration).await;
    assert_says(&error, &["ssl_key_file", "ssl_key_password is wrong"]);
    assert!(!format!("{error} {error:?}").contains("hunter"));
}

#[tokio::test]
async fn files_that_are_no_good_are_named() {
    let authority = authority();
    let (_broker, port) = broker(&authority, HERE).await;
    let alice = authority.issue("alice", &[]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("text.pem");
    std::fs::write(&text, "this is no certificate").expect("a file");
    let missing = folder.path().join("missing.pem");
    for (option, file, words) in [
        ("ssl_ca_file", &missing, "cannot be read"),
        ("ssl_ca_file", &text, "no certificate in PEM"),
        ("ssl_cert_file", &missing, "cannot be read"),
        ("ssl_cert_file", &text, "no certificate in PEM"),
        ("ssl_key_file", &missing, "cannot be read"),
        ("ssl_key_file", &text, "no private key in PEM"),
    ] {
        let good = [
            ("ssl_ca_file", path(authority.file())),
            ("ssl_cert_file", path(&alice.certificate)),
            ("ssl_key_file", path(&alice.key)),
        ];
        let url = good.into_iter().fold(url("amqps", "127.0.0.1", port), |url, (name, good)| {
            url.with_option(name, if name == option { path(file) } else { good })
        });
        let error = refused(url, ErrorKind::Configuration).await;
        assert_eq!(error.get("option"), Some(option), "{error}");
        assert_eq!(error.get("path"), Some(path(file).as_str()), "{error}");
        assert_says(&error, &[words]);
    }
}

#[tokio::test]
async fn the_other_kind_of_port_is_an_error() {
    let authority = authority();
    let plain = Desk::start().await.expect("a broker");
    let url_of = |scheme: &str, port: u16| url(scheme, "127.0.0.1", port);
    let secured = url_of("amqps", plain.address().port()).trusting(&authority);
    let error = refused(secured, ErrorKind::Connection).await;
    assert_says(&error, &["TLS"]);
    let (_broker, port) = broker(&authority, HERE).await;
    let error = refused(url_of("amqp", port), ErrorKind::Connection).await;
    assert_says(&error, &["TLS", "amqps"]);
}

//! Who may come in, and what they are told.

use std::sync::Arc;

use busway_broker::{Broker, StartError};
use fe2o3_amqp::Connection;
use fe2o3_amqp::connection::{ConnectionHandle, OpenError};
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::types::performatives::Performative;
use fe2o3_amqp::types::primitives::{Symbol, Value};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::peer::{Peer, anywhere, broker, send, take, within};
use crate::raw::{AMQP, Raw, SASL, open};

const QUEUE: &str = "unicast.openstack.topic";

fn plain(name: &str, password: &str) -> SaslProfile {
    SaslProfile::Plain { username: name.to_owned(), password: password.to_owned() }
}

async fn login(broker: &Broker, profile: SaslProfile) -> Result<ConnectionHandle<()>, OpenError> {
    let url = broker.url();
    let builder = Connection::builder().container_id("peer").sasl_profile(profile);
    within(builder.open(url.as_str())).await
}

async fn guarded() -> Broker {
    let builder = Broker::builder().listen(anywhere()).users([("ann", "secret"), ("bob", "other")]);
    builder.start().await.expect("a broker")
}

async fn assert_useful(connection: ConnectionHandle<()>) {
    let mut peer = Peer::over(connection).await;
    let mut sender = peer.sender(QUEUE).await;
    send(&mut sender, "hello").await;
    let mut receiver = peer.receiver(QUEUE, 1).await;
    assert_eq!(take(&mut receiver).await, "hello");
}

#[tokio::test]
async fn without_users_anybody_may_come_in() {
    let broker = broker().await;
    assert_useful(login(&broker, SaslProfile::Anonymous).await.expect("let in")).await;
    let url = broker.url();
    let bare = within(Connection::open("peer", url.as_str())).await;
    assert_useful(bare.expect("let in")).await;
}

#[tokio::test]
async fn a_user_comes_in_by_its_password() {
    let broker = guarded().await;
    for (name, password) in [("ann", "secret"), ("bob", "other")] {
        assert_useful(login(&broker, plain(name, password)).await.expect("let in")).await;
    }
}

#[tokio::test]
async fn a_wrong_name_or_password_is_refused() {
    let broker = guarded().await;
    for (name, password) in [("ann", "other"), ("ann", ""), ("eve", "secret"), ("", "")] {
        let refused = login(&broker, plain(name, password)).await;
        assert!(matches!(refused, Err(OpenError::SaslError { .. })), "{refused:?}");
    }
    assert_useful(login(&broker, plain("ann", "secret")).await.expect("let in")).await;
}

#[tokio::test]
async fn where_there_are_users_nobody_comes_in_without_a_name() {
    let broker = guarded().await;
    assert!(login(&broker, SaslProfile::Anonymous).await.is_err());
    let mut raw = Raw::to(&broker).await;
    raw.write(AMQP).await;
    assert_eq!(raw.rest().await, SASL, "the peer hears what it is to speak");
}

#[tokio::test]
async fn anonymous_peers_can_be_let_in_beside_users() {
    let builder = Broker::builder().listen(anywhere()).user("ann", "secret").anonymous(true);
    let broker = builder.start().await.expect("a broker");
    assert_useful(login(&broker, SaslProfile::Anonymous).await.expect("let in")).await;
    assert_useful(login(&broker, plain("ann", "secret")).await.expect("let in")).await;
    assert!(login(&broker, plain("ann", "wrong")).await.is_err());
}

#[tokio::test]
async fn passwords_are_not_shown() {
    let builder = Broker::builder().listen(anywhere()).user("ann", "secret");
    assert!(!format!("{builder:?}").contains("secret"));
    let broker = builder.start().await.expect("a broker");
    assert!(!format!("{broker:?}").contains("secret"));
}

#[tokio::test]
async fn peers_are_told_the_product() {
    let builder = Broker::builder().listen(anywhere()).product("qpid-cpp");
    let broker = builder.start().await.expect("a broker");
    let mut raw = Raw::to(&broker).await;
    raw.write(AMQP).await;
    raw.frame(&open()).await;
    raw.read(8).await;
    let Some(Performative::Open(open)) = raw.next().await else { panic!("no open") };
    let properties = open.properties.expect("properties");
    let product = properties.get(&Symbol::from("product"));
    assert_eq!(product, Some(&Value::String("qpid-cpp".to_owned())));
}

#[tokio::test]
async fn connections_are_encrypted_where_there_is_a_certificate() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let (certificates, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificates, cert.pem()).expect("written");
    std::fs::write(&key, signing_key.serialize_pem()).expect("written");
    let builder = Broker::builder().listen(anywhere()).tls(&certificates, &key);
    let broker = builder.start().await.expect("a broker");
    assert!(broker.url().starts_with("amqps://"));

    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = within(TcpStream::connect(broker.address())).await.expect("a socket");
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = within(TlsConnector::from(Arc::new(config)).connect(name, stream)).await;
    let opening =
        Connection::builder().container_id("peer").open_with_stream(stream.expect("encrypted"));
    assert_useful(Box::pin(within(opening)).await.expect("let in")).await;

    // Who does not encrypt hears no word of AMQP.
    let mut raw = Raw::to(&broker).await;
    raw.write(AMQP).await;
    assert!(!raw.rest().await.starts_with(b"AMQP"));
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").expect("written");
    let missing = folder.path().join("missing.pem");
    for file in [&empty, &missing] {
        let builder = Broker::builder().listen(anywhere()).tls(file, file);
        match builder.start().await {
            Err(StartError::TlsFile { path, .. }) => assert_eq!(path, *file),
            other => panic!("{other:?}"),
        }
    }
}

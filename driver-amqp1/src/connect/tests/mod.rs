//! Connecting to peers in this process: the engine's own acceptor, and peers made of bytes.

mod raw;
mod trace;

use busway_core::Config;
use fe2o3_amqp::acceptor::{
    ConnectionAcceptor, LinkAcceptor, LinkEndpoint, SaslAnonymousMechanism, SaslPlainMechanism,
    SessionAcceptor,
};
use fe2o3_amqp::types::definitions::Fields;
use fe2o3_amqp::types::primitives::{Symbol, Value};
use fe2o3_amqp::{Sender, Session};
use tokio::net::TcpListener;

use super::*;

/// How long a test may take: whatever works takes a moment.
const LONG: Duration = Duration::from_secs(20);

fn connecting(url: &str) -> Connecting {
    let url: TransportUrl = url.parse().expect("a URL");
    let options = Config::new().driver_section::<AmqpOptions>(&url).expect("options");
    Connecting::new(&url, Arc::new(options), 0).expect("it makes sense")
}

async fn connect(url: &str) -> Result<Connected> {
    let parsed: TransportUrl = url.parse().expect("a URL");
    connecting(url).connect(&parsed.hosts()[0], Instant::now() + LONG).await
}

/// A peer that takes connections, sessions and links, and gives what it is sent credit alone.
async fn peer(password: Option<&'static str>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let mut properties = Fields::new();
    properties.insert(Symbol::from("product"), Value::String("test-peer".to_owned()));
    let builder = move || {
        ConnectionAcceptor::builder()
            .container_id("peer")
            .max_frame_size(4096)
            .idle_time_out(60_000u32)
            .properties(properties.clone())
    };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let builder = builder();
            tokio::spawn(async move {
                let accepted = if let Some(password) = password {
                    let sasl = SaslPlainMechanism::new("bob@here", password);
                    builder.sasl_acceptor(sasl).build().accept(stream).await
                } else {
                    let sasl = SaslAnonymousMechanism::new();
                    builder.sasl_acceptor(sasl).build().accept(stream).await
                };
                let mut connection = accepted.ok()?;
                let mut session = SessionAcceptor::new().accept(&mut connection).await.ok()?;
                let mut links = Vec::new();
                while let Ok(link) = LinkAcceptor::new().accept(&mut session).await {
                    if let LinkEndpoint::Receiver(mut receiver) = link {
                        receiver.set_credit(7).await.ok()?;
                        links.push(receiver);
                    }
                }
                Some(())
            });
        }
    });
    port
}

#[tokio::test]
async fn a_connection_is_opened_and_the_peer_tells_of_itself() {
    let port = peer(None).await;
    let mut connected = connect(&format!("amqp://127.0.0.1:{port}/v")).await.expect("connected");
    assert_eq!(connected.peer.product.as_deref(), Some("test-peer"));
    assert_eq!(connected.peer.max_frame_size, 4096);
    assert_eq!(connected.peer.idle_time_out, Some(Duration::from_mins(1)));
    let mut session = Session::begin(&mut connected.connection).await.expect("a session");
    let sender = Sender::attach(&mut session, "one", "address").await.expect("a link");
    let credit = connected.tap.credit("one");
    while credit.limit() != Some(7) {
        credit.changed().await;
    }
    sender.close().await.expect("closed");
    assert_eq!(connected.tap.credit("one").limit(), None);
    session.end().await.expect("ended");
    connected.connection.close().await.expect("closed");
    connected.tap.gone().await;
}

#[tokio::test]
async fn a_user_without_a_realm_has_the_default_one() {
    let port = peer(Some("hunter2")).await;
    for (user, option) in
        [("bob", "?sasl_default_realm=here"), ("bob%40here", "?sasl_default_realm=x")]
    {
        let url = format!("amqp://{user}:hunter2@127.0.0.1:{port}/{option}");
        connect(&url).await.expect("connected").tap.kill();
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_shown() {
    let port = peer(Some("hunter2")).await;
    let url = format!("amqp://bob%40here:hunter3@127.0.0.1:{port}/");
    let error = connect(&url).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(!error.is_retryable());
    assert!(error.message().contains("PLAIN"), "{error}");
    assert_eq!(error.get("peer"), Some(format!("127.0.0.1:{port}").as_str()));
    assert!(!format!("{error} {error:?} {:?}", connecting(&url)).contains("hunter"));
}

#[tokio::test]
async fn no_common_mechanism_names_what_the_peer_offers() {
    let port = peer(Some("hunter2")).await;
    let error = connect(&format!("amqp://127.0.0.1:{port}/")).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.message().contains("offers 'PLAIN'"), "{error}");
}

#[tokio::test]
async fn a_killed_connection_ends_at_once() {
    let port = peer(None).await;
    let mut connected = connect(&format!("amqp://127.0.0.1:{port}/")).await.expect("connected");
    connected.tap.kill();
    connected.tap.gone().await;
    let words = connected.tap.words().expect("words");
    assert_eq!(words.kind(), ErrorKind::Connection);
    assert!(connected.connection.on_close().await.is_err());
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    for (url, named) in [
        ("amqps://h/?ssl=false", "ssl"),
        ("amqp://h/?ssl_ca_file=/ca.pem", "ssl_ca_file"),
        ("amqps://h/?ssl_key_file=/key.pem", "ssl_key_file"),
        ("amqp+x://h/", "amqp+x"),
        ("amqp://h/?sasl_mechanisms=GSSAPI%20CRAM-MD5", "sasl_mechanisms"),
    ] {
        let parsed: TransportUrl = url.parse().expect("a URL");
        let options = Config::new().driver_section::<AmqpOptions>(&parsed).expect("options");
        let error = Connecting::new(&parsed, Arc::new(options), 0).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.message().contains(named), "{error}");
    }
}

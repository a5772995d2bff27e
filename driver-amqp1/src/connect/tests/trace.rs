//! The log of frames.

use std::io::Write;

use fe2o3_amqp::Sendable;
use parking_lot::Mutex;
use tracing_subscriber::fmt::MakeWriter;

use super::*;

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What is logged of a login and a message.
async fn logged(option: &str) -> String {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("busway_driver_amqp1::frames=trace")
        // Whatever else is built with it: no colours.
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let port = peer(Some("hunter2")).await;
    let url = format!("amqp://bob%40here:hunter2@127.0.0.1:{port}/{option}");
    let mut connected = connect(&url).await.expect("connected");
    let mut session = Session::begin(&mut connected.connection).await.expect("a session");
    let mut sender = Sender::attach(&mut session, "one", "address").await.expect("a link");
    let message = Sendable::builder().message("the-body-of-it").settled(true).build();
    sender.send(message).await.expect("sent");
    sender.close().await.expect("closed");
    connected.connection.close().await.expect("closed");
    connected.tap.gone().await;
    drop(guard);
    let bytes = log.0.lock().clone();
    String::from_utf8(bytes).expect("text")
}

#[tokio::test]
async fn frames_are_logged_without_bodies_and_secrets() {
    let log = logged("?trace=true").await;
    let of = |way: &str, frame: &str| {
        log.lines().any(|line| line.contains(&format!("way={way}")) && line.contains(frame))
    };
    for frame in ["Open {", "Begin {", "Attach {", "Detach {", "Close {"] {
        assert!(of("to the peer", frame) && of("from the peer", frame), "{frame}: {log}");
    }
    assert!(of("to the peer", "Transfer {") && of("from the peer", "Flow {"), "{log}");
    assert!(log.contains("SASL init: PLAIN") && log.contains("SASL outcome: Ok"), "{log}");
    for secret in ["hunter2", "the-body", "bob"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
    // Neither as the numbers of its bytes.
    let body: Vec<String> = b"the-body".iter().map(ToString::to_string).collect();
    assert!(!log.contains(&body.join(", ")), "{log}");
}

#[tokio::test]
async fn without_the_option_nothing_is_logged() {
    assert_eq!(logged("").await, "");
}

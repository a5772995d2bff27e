//! What the tests of connecting share, whatever the protocol: peers that are no broker, and what
//! is said of them.

use std::net::SocketAddr;
use std::time::Duration;

use busway_core::rpc::{RpcClient, RpcServer};
use busway_core::{Error, ErrorKind, Result, Target, Transport, TransportUrl};
use busway_testkit::stage::Service;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// Longer than anything here may take on a machine that has much else to do.
pub const HANG: Duration = Duration::from_mins(2);
/// A password that no error may show.
pub const PASSWORD: &str = "hunter2";

/// Opens a transport, in time.
///
/// # Errors
/// What the driver says.
pub async fn open(url: TransportUrl) -> Result<Transport> {
    timeout(HANG, Transport::builder().open_url(url)).await.expect("opening hangs")
}

/// Opens a URL that cannot be opened; the error names the peer, and no password.
pub async fn refused(url: TransportUrl, kind: ErrorKind) -> Error {
    let shown = url.to_string();
    let error = open(url).await.expect_err(&shown);
    assert_eq!(error.kind(), kind, "{error:?}");
    assert!(error.get("peer").is_some(), "{error:?}");
    assert_secretless(&error);
    error
}

/// Says nowhere the password.
fn assert_secretless(error: &Error) {
    let shown = format!("{error} {error:?} {error:#?}");
    assert!(!shown.contains(PASSWORD), "{shown}");
}

/// Says all of these words.
#[track_caller]
pub fn assert_says(error: &Error, words: &[&str]) {
    for word in words {
        assert!(error.to_string().contains(word), "'{word}' is not in: {error}");
    }
}

/// Serves, and calls it with a body of so many bytes.
pub async fn echo(transport: &Transport, size: usize) {
    let target = Target::new("secure").with_server("here");
    let server = RpcServer::builder(transport, target)
        .endpoint(Service::echo())
        .start()
        .await
        .expect("a server");
    let sent = json!({ "text": "x".repeat(size) });
    let client = RpcClient::builder(transport, Target::new("secure")).timeout(HANG).build();
    let reply: Value = client.call("echo", &sent).await.expect("a reply");
    assert_eq!(reply, sent);
    server.stop().await.expect("stopped");
}

/// A peer that does the same with each connection, until the test's runtime ends; and what it
/// told of each.
pub async fn peer<A, F, T>(act: A) -> (SocketAddr, UnboundedReceiver<T>)
where
    A: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let (told, tells) = unbounded_channel();
    tokio::spawn(accept(listener, act, told));
    (address, tells)
}

async fn accept<A, F, T>(listener: TcpListener, act: A, told: UnboundedSender<T>)
where
    A: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    while let Ok((stream, _)) = listener.accept().await {
        let told = told.clone();
        let acting = act(stream);
        tokio::spawn(async move {
            // Nobody may be there to be told.
            let _ = told.send(acting.await);
        });
    }
}

/// Says nothing, until the client is gone.
pub async fn be_silent(mut stream: TcpStream) {
    let mut bytes = [0; 1024];
    while stream.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
}

/// Says this to the client's first words, and then nothing.
pub async fn answer(mut stream: TcpStream, words: &[u8]) {
    let mut header = [0; 8];
    if stream.read_exact(&mut header).await.is_ok() {
        // The client may be gone.
        let _ = stream.write_all(words).await;
        be_silent(stream).await;
    }
}

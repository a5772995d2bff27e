//! Peers that are no RabbitMQ.

use std::net::SocketAddr;

use amq_protocol::frame::AMQPFrame;
use amq_protocol::frame::parsing::parse_frame;
use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::connection::{AMQPMethod, StartOk};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A peer that does the same with each connection, until the test's runtime ends; and what it
/// told of each.
pub(crate) async fn peer<A, F, T>(act: A) -> (SocketAddr, UnboundedReceiver<T>)
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
pub(crate) async fn be_silent(mut stream: TcpStream) {
    let mut bytes = [0; 1024];
    while stream.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
}

/// Says this to the client's first words, and then nothing.
pub(crate) async fn answer(mut stream: TcpStream, words: &[u8]) {
    let mut header = [0; 8];
    if stream.read_exact(&mut header).await.is_ok() {
        // The client may be gone.
        let _ = stream.write_all(words).await;
        be_silent(stream).await;
    }
}

/// Says how the broker begins, and returns how the client goes on.
pub(crate) async fn begin(mut stream: TcpStream) -> StartOk {
    let mut header = [0; 8];
    stream.read_exact(&mut header).await.expect("a header");
    stream.write_all(&start()).await.expect("the client");
    let mut read = Vec::new();
    loop {
        if let Ok((_, frame)) = parse_frame(read.as_slice()) {
            let AMQPFrame::Method(0, AMQPClass::Connection(AMQPMethod::StartOk(ok))) = frame else {
                panic!("not the answer to a start: {frame:?}");
            };
            return ok;
        }
        assert!(stream.read_buf(&mut read).await.expect("the client") > 0);
    }
}

/// The frame `connection.start`.
pub(crate) fn start() -> Vec<u8> {
    let long = |text: &[u8]| {
        let size = u32::try_from(text.len()).expect("short").to_be_bytes();
        [&size[..], text].concat()
    };
    let properties = [0; 4];
    let payload =
        [&[0, 10, 0, 10, 0, 9][..], &properties, &long(b"PLAIN AMQPLAIN"), &long(b"en_US de_DE")]
            .concat();
    [&[1, 0, 0], &long(&payload)[..], &[206]].concat()
}

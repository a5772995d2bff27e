//! A man in the middle who writes down what a client tells the broker.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use amq_protocol::frame::{AMQPFrame, parsing::parse_frame};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What was said on each connection, frame by frame, by the client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said(Arc<Mutex<Vec<(usize, AMQPFrame)>>>);

impl Said {
    /// The frames so far, each with the number of its connection.
    pub(crate) fn frames(&self) -> Vec<(usize, AMQPFrame)> {
        self.0.lock().clone()
    }
}

/// Listens in front of a broker and writes down what clients say.
#[derive(Debug)]
pub(crate) struct Tap {
    pub(crate) port: u16,
    pub(crate) said: Said,
    _accepting: JoinSet<()>,
}

impl Tap {
    pub(crate) async fn start(broker: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let said = Said::default();
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, broker, said.clone()));
        Ok(Self { port, said, _accepting: accepting })
    }
}

async fn accept(listener: TcpListener, broker: SocketAddr, said: Said) {
    let mut connections = JoinSet::new();
    for number in 0.. {
        let Ok((client, _)) = listener.accept().await else { return };
        connections.spawn(relay(number, client, broker, said.clone()));
    }
}

async fn relay(number: usize, client: TcpStream, broker: SocketAddr, said: Said) {
    let Ok(broker) = TcpStream::connect(broker).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_broker, mut to_broker) = broker.into_split();
    let listening = async {
        let (mut unread, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            unread.extend_from_slice(&buffer[..count]);
            note(number, &mut unread, &said);
            if to_broker.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = listening => {}
        _ = tokio::io::copy(&mut from_broker, &mut to_client) => {}
    }
}

/// Takes the whole frames off what has been read.
fn note(number: usize, unread: &mut Vec<u8>, said: &Said) {
    while let Ok((rest, frame)) = parse_frame(unread.as_slice()) {
        let rest = rest.to_vec();
        *unread = rest;
        said.0.lock().push((number, frame));
    }
}

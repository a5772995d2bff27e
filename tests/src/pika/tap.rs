use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use amq_protocol::frame::{AMQPFrame, parsing::parse_frame};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A man in the middle who listens in front of a broker and writes down what clients tell it.
#[derive(Debug)]
pub struct Tap {
    address: SocketAddr,
    said: Said,
    _accepting: JoinSet<()>,
}

/// One frame of a client.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The number of the connection, in the order in which they were opened.
    pub connection: usize,
    /// When it came, which is before the broker got it.
    pub at: Instant,
    /// The frame.
    pub frame: AMQPFrame,
}

type Said = Arc<Mutex<Vec<Frame>>>;

impl Tap {
    /// Listens in front of that broker.
    ///
    /// # Errors
    /// Why it cannot listen.
    pub async fn start(broker: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let said = Said::default();
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, broker, said.clone()));
        Ok(Self { address, said, _accepting: accepting })
    }

    /// Where to connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the clients have said so far.
    #[must_use]
    pub fn frames(&self) -> Vec<Frame> {
        self.said.lock().clone()
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
fn note(connection: usize, unread: &mut Vec<u8>, said: &Said) {
    while let Ok((rest, frame)) = parse_frame(unread.as_slice()) {
        let rest = rest.to_vec();
        *unread = rest;
        said.lock().push(Frame { connection, at: Instant::now(), frame });
    }
}

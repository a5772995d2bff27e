//! One connection, from its first bytes to its end.

pub(crate) mod sasl;
pub(crate) mod tls;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use fe2o3_amqp::acceptor::{ConnectionAcceptor, ListenerConnectionHandle, SessionAcceptor};
use fe2o3_amqp::connection::OpenError;
use fe2o3_amqp::types::definitions::{ConnectionError, Error, Fields};
use fe2o3_amqp::types::primitives::{Symbol, Value};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::limits::Limits;
use crate::nodes::Nodes;
use crate::session::Session;
use crate::tap::{Handle, Tap};
use sasl::Sasl;

/// The protocol headers of AMQP 1.0, bare and under SASL.
const AMQP: [u8; 8] = *b"AMQP\x00\x01\x00\x00";
const SASL: [u8; 8] = *b"AMQP\x03\x01\x00\x00";
/// The buffers of the engine between its tasks, in frames. What waits in them is bounded by the
/// credit of the links; these only let its tasks run on.
const BUFFER: usize = 1024;
/// How many frames a peer may send on a session before the broker says that it may send more.
const WINDOW: u32 = 4096;

/// What all connections of a broker share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) nodes: Arc<Nodes>,
    pub(crate) limits: Limits,
    pub(crate) product: String,
    pub(crate) container: String,
    pub(crate) sasl: Sasl,
    pub(crate) stop: CancellationToken,
    /// Whether senders are given no more credit.
    pub(crate) withheld: watch::Sender<bool>,
}

/// Serves a connection until it ends or the broker stops.
pub(crate) async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Only that small frames wait, if it cannot be set.
    let _ = stream.set_nodelay(true);
    let served = match tls {
        None => shared.serve(stream).await,
        Some(tls) => match timeout(shared.limits.handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => shared.serve(stream).await,
            Ok(Err(why)) => Err(Failed::Stream(why)),
            Err(_) => Err(Failed::TooSlow),
        },
    };
    if let Err(why) = served {
        tracing::debug!(?why, "a connection was not opened");
    }
}

/// Why a connection was not opened.
#[derive(Debug)]
enum Failed {
    /// The peer does not speak AMQP 1.0, or not with SASL where that is asked for.
    Header,
    TooSlow,
    Stream(#[expect(dead_code, reason = "shown in the log")] io::Error),
    Open(#[expect(dead_code, reason = "shown in the log")] Box<OpenError>),
}

impl Shared {
    async fn serve<S>(self: Arc<Self>, mut stream: S) -> Result<(), Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let handshake = self.limits.handshake;
        let header = timeout(handshake, self.header(&mut stream));
        let header = header.await.map_err(|_| Failed::TooSlow)??;
        let links = self.limits.links.saturating_mul(usize::from(self.limits.sessions));
        let (tap, handle) = Tap::new(stream, header.to_vec(), links, self.patience());
        let opening = timeout(handshake, self.open(tap, header == SASL));
        let opened = tokio::select! {
            opened = opening => opened.map_err(|_| Failed::TooSlow).and_then(|opened| {
                opened.map_err(|why| Failed::Open(Box::new(why)))
            }),
            () = self.stop.cancelled() => return Ok(()),
        };
        let connection = opened?;
        self.run(connection, &handle).await;
        // What of the engine still waits for the peer ends with the stream.
        handle.shut.cancel();
        handle.gone.cancelled().await;
        Ok(())
    }

    /// How long a peer may take no bytes.
    fn patience(&self) -> Duration {
        self.limits.idle
    }

    /// Reads the protocol header. One that is not to be served is answered with the one that is,
    /// as the specification asks for (part 2.2).
    async fn header<S>(&self, stream: &mut S) -> Result<[u8; 8], Failed>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut header = [0; 8];
        tokio::select! {
            read = stream.read_exact(&mut header) => read.map_err(Failed::Stream)?,
            () = self.stop.cancelled() => return Err(Failed::TooSlow),
        };
        if header == SASL || (header == AMQP && self.sasl.takes_anybody()) {
            return Ok(header);
        }
        stream.write_all(&SASL).await.map_err(Failed::Stream)?;
        let _ = stream.shutdown().await;
        Err(Failed::Header)
    }

    async fn open<S>(
        &self,
        tap: Tap<S>,
        with_sasl: bool,
    ) -> Result<ListenerConnectionHandle, OpenError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut properties = Fields::new();
        for (key, value) in
            [("product", self.product.as_str()), ("version", env!("CARGO_PKG_VERSION"))]
        {
            properties.insert(Symbol::from(key), Value::String(value.to_owned()));
        }
        let idle = u32::try_from(self.limits.idle.as_millis()).unwrap_or(u32::MAX);
        let acceptor = ConnectionAcceptor::builder()
            .container_id(self.container.as_str())
            .max_frame_size(self.limits.frame_size)
            .channel_max(self.limits.sessions.saturating_sub(1))
            .idle_time_out(idle)
            .properties(properties)
            .add_offered_capabilities("ANONYMOUS-RELAY")
            .buffer_size(BUFFER)
            .build();
        if with_sasl {
            let sasl = self.sasl.clone();
            acceptor.into_builder().sasl_acceptor(sasl).build().accept(tap).await
        } else {
            acceptor.accept(tap).await
        }
    }

    /// Serves the sessions of an open connection.
    async fn run(self: &Arc<Self>, mut connection: ListenerConnectionHandle, tap: &Handle) {
        let sessions = SessionAcceptor::builder()
            .incoming_window(WINDOW)
            .handle_max(u32::try_from(self.limits.links).unwrap_or(u32::MAX))
            .buffer_size(BUFFER)
            .build();
        let mut running = JoinSet::new();
        loop {
            let incoming = tokio::select! {
                () = self.stop.cancelled() => break,
                Some(_) = running.join_next() => continue,
                incoming = connection.next_incoming_session() => incoming,
            };
            let Some(incoming) = incoming else { break };
            let channel = incoming.channel;
            match sessions.accept_incoming_session(incoming, &mut connection).await {
                Ok(handle) => {
                    let session = Session::new(handle, channel, Arc::clone(self), tap);
                    running.spawn(session.run());
                }
                Err(why) => tracing::debug!(%why, "a session was not begun"),
            }
        }
        if self.stop.is_cancelled() {
            // The links hear it first, each with its own words, then the connection.
            let ended = async { while running.join_next().await.is_some() {} };
            let _ = timeout(self.limits.stop, ended).await;
            let stops =
                Error::new(ConnectionError::ConnectionForced, "the broker stops".to_owned(), None);
            let _ = timeout(self.limits.stop, connection.close_with_error(stops)).await;
            tap.shut.cancel();
        }
        drop(connection);
        while running.join_next().await.is_some() {}
    }
}

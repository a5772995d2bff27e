use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use busway_core::net::Encrypted;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::either::Either;

use super::tune::NoHeartbeats;

/// The bytes of a connection, as the client library sees them.
#[derive(Debug)]
pub(super) struct Bytes {
    stream: Either<TcpStream, Box<Encrypted>>,
    no_heartbeats: Option<NoHeartbeats>,
}

impl Bytes {
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self { stream: Either::Left(stream), no_heartbeats: None }
    }

    pub(super) fn encrypted(stream: Encrypted) -> Self {
        Self { stream: Either::Right(Box::new(stream)), no_heartbeats: None }
    }

    /// Without the heartbeats that the broker proposes.
    pub(super) fn without_heartbeats(self) -> Self {
        Self { no_heartbeats: Some(NoHeartbeats::default()), ..self }
    }
}

impl AsyncRead for Bytes {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if let Some(filter) = &mut self.no_heartbeats {
            filter.pass(&mut buffer.filled_mut()[before..]);
            if filter.is_done() {
                self.no_heartbeats = None;
            }
        }
        read
    }
}

impl AsyncWrite for Bytes {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

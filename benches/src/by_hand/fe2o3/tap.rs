use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// From how many bytes on they are written before more are taken.
const MUCH: usize = 64 * 1024;

/// A stream that gathers what is written, frame by frame, and writes it when the engine goes to
/// read and the other tasks have had one turn to add to it.
#[derive(Debug)]
pub(super) struct Tap<S> {
    stream: S,
    gathered: Vec<u8>,
    written: usize,
    others_had_their_turn: bool,
}

impl<S: AsyncWrite + Unpin> Tap<S> {
    pub(super) fn new(stream: S) -> Self {
        let gathered = Vec::with_capacity(2 * MUCH);
        Self { stream, gathered, written: 0, others_had_their_turn: false }
    }

    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.gathered.len() {
            let bytes = &self.gathered[self.written..];
            self.written += ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        }
        self.gathered.clear();
        self.written = 0;
        self.others_had_their_turn = false;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        if !tap.gathered.is_empty() {
            if std::mem::replace(&mut tap.others_had_their_turn, true) {
                if let Poll::Ready(drained) = tap.poll_drain(context) {
                    drained?;
                }
            } else {
                context.waker().wake_by_ref();
            }
        }
        Pin::new(&mut tap.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let tap = self.get_mut();
        if tap.gathered.len() >= MUCH {
            ready!(tap.poll_drain(context))?;
        }
        tap.gathered.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        ready!(tap.poll_drain(context))?;
        Pin::new(&mut tap.stream).poll_shutdown(context)
    }
}

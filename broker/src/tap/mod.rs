//! The tap: a stream between the socket and the engine of fe2o3-amqp that looks at the frames
//! that pass, and that can be shut when the engine no longer listens.
//!
//! The engine tells neither the credit of a link on which it sends nor what has left of what it
//! was given; it gives every sender the same credit before anybody can say how much; it waits for
//! ever for a peer that takes no bytes, and for one that does not answer a close; and it flushes
//! each frame by itself. The tap knows the first two, holds back the third, ends the next two, and
//! flushes what one turn of the tasks has written.

mod fields;
mod frames;
mod links;
mod names;
mod outgoing;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};

use frames::Frames;
pub(crate) use links::{LinkTap, Links};
use outgoing::Outgoing;

/// What the owner of a connection keeps of its tap.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    pub(crate) links: Arc<Links>,
    /// Cancelled to end the stream from outside.
    pub(crate) shut: CancellationToken,
    /// Cancelled when the engine has dropped the stream.
    pub(crate) gone: CancellationToken,
}

/// The stream that the engine reads and writes.
pub(crate) struct Tap<S: AsyncWrite + Unpin> {
    stream: S,
    /// What was read before the engine began.
    first: Vec<u8>,
    incoming: Frames,
    outgoing: Outgoing,
    links: Arc<Links>,
    most_links: usize,
    shut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// How long the peer may take no bytes.
    patience: Duration,
    /// Runs while the peer takes no bytes.
    stalled: Option<Pin<Box<Sleep>>>,
    _gone: DropGuard,
}

impl<S: AsyncWrite + Unpin> fmt::Debug for Tap<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tap").finish_non_exhaustive()
    }
}

impl<S: AsyncWrite + Unpin> Tap<S> {
    /// Puts a tap on a stream of which `first` was read already. The peer may have `most_links`
    /// links, and may take no bytes for as long as `patience`.
    pub(crate) fn new(
        stream: S,
        first: Vec<u8>,
        most_links: usize,
        patience: Duration,
    ) -> (Self, Handle) {
        let handle = Handle {
            links: Arc::default(),
            shut: CancellationToken::new(),
            gone: CancellationToken::new(),
        };
        let tap = Self {
            stream,
            first,
            incoming: Frames::default(),
            outgoing: Outgoing::default(),
            links: Arc::clone(&handle.links),
            most_links,
            shut: Box::pin(handle.shut.clone().cancelled_owned()),
            patience,
            stalled: None,
            _gone: handle.gone.clone().drop_guard(),
        };
        (tap, handle)
    }

    fn poll_shut(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.shut.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }

    /// Looks at what came from the peer.
    fn came(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        let (links, most) = (&self.links, self.most_links);
        let mut judged = Ok(());
        let mut patches = Vec::new();
        self.incoming.feed_to(bytes, |end, frame| {
            let Some(frame) = frame.filter(|_| judged.is_ok()) else { return };
            match links.came(&frame, most) {
                Ok(Some(patch)) => patches.push(patch.at(end, &frame)),
                Ok(None) => {}
                Err(why) => judged = Err(why),
            }
        });
        for (at, byte) in patches {
            // A name that came in pieces stays as it is.
            if let Some(byte_there) = at.and_then(|at| bytes.get_mut(at)) {
                *byte_there = byte;
            }
        }
        judged.map_err(|why| {
            tracing::debug!(why = why.0, "a peer is cut off");
            io::Error::new(io::ErrorKind::InvalidData, why.0)
        })
    }

    /// Writes what waits, and sees that it does not stand still for ever.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let drained = self.outgoing.poll_drain(&mut self.stream, context);
        if drained.is_ready() {
            self.stalled = None;
            return drained;
        }
        let patience = self.patience;
        let stalled =
            self.stalled.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + patience)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        tap.poll_shut(context)?;
        if tap.outgoing.is_due() {
            if tap.outgoing.let_others_write() {
                context.waker().wake_by_ref();
            } else if let Poll::Ready(drained) = tap.poll_drain(context) {
                drained?;
            }
        }
        let before = buffer.filled().len();
        if tap.first.is_empty() {
            ready!(Pin::new(&mut tap.stream).poll_read(context, buffer))?;
        } else {
            let taken = tap.first.len().min(buffer.remaining());
            buffer.put_slice(&tap.first[..taken]);
            tap.first.drain(..taken);
        }
        Poll::Ready(tap.came(&mut buffer.filled_mut()[before..]))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let tap = self.get_mut();
        tap.poll_shut(context)?;
        if tap.outgoing.is_full() {
            ready!(tap.poll_drain(context))?;
        }
        tap.outgoing.put(bytes, &tap.links);
        Poll::Ready(Ok(bytes.len()))
    }

    /// What is written leaves when the engine goes to read, which is what it does next, or when
    /// there is much of it.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        tap.poll_shut(context)?;
        if tap.outgoing.is_full() { tap.poll_drain(context) } else { Poll::Ready(Ok(())) }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        tap.poll_shut(context)?;
        ready!(tap.poll_drain(context))?;
        Pin::new(&mut tap.stream).poll_shutdown(context)
    }
}

impl<S: AsyncWrite + Unpin> Drop for Tap<S> {
    /// The engine drops the stream right after its last word: that leaves if it can at once.
    fn drop(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        let _ = self.outgoing.poll_drain(&mut self.stream, &mut context);
    }
}

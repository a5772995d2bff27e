//! What the engine has written and the peer has not got yet.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::Links;
use super::frames::Frames;
use super::links::Goes;

/// From how many bytes on they are written before more are taken.
const MUCH: usize = 64 * 1024;

/// Whole frames to be written, and the beginning of one that the engine has not finished.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    frames: Frames,
    bytes: Vec<u8>,
    /// Up to where the bytes are whole frames.
    whole: usize,
    /// Up to where the bytes are written.
    written: usize,
    /// Whether bytes were written to the stream that it may still hold.
    unflushed: bool,
    /// Whether the other tasks had their turn to write since there is something.
    waited: bool,
}

impl Outgoing {
    /// Takes bytes of the engine, of which the frames that may not go are left out.
    pub(super) fn put(&mut self, bytes: &[u8], links: &Links) {
        let Self { frames, bytes: kept, whole, .. } = self;
        let before = kept.len();
        kept.extend_from_slice(bytes);
        let mut removed = 0;
        frames.feed_to(bytes, |end, frame| {
            let end = before + end - removed;
            let goes = frame.is_none_or(|frame| match links.goes(&frame) {
                Goes::AsItIs => true,
                Goes::Patched(patch) => {
                    let (at, byte) = patch.at(end, &frame);
                    if let Some(there) = at.and_then(|at| kept.get_mut(at)) {
                        *there = byte;
                    }
                    true
                }
                Goes::Not => false,
            });
            if goes {
                *whole = end;
            } else {
                kept.drain(*whole..end);
                removed += end - *whole;
            }
        });
    }

    /// Whether there is something to write or to flush.
    pub(super) fn is_due(&self) -> bool {
        self.written < self.whole || self.unflushed
    }

    /// Whether there is so much that it is to be written before more is taken.
    pub(super) fn is_full(&self) -> bool {
        self.whole - self.written >= MUCH
    }

    /// Whether the other tasks are to have their turn first: once, for what they add leaves with
    /// the rest then.
    pub(super) fn let_others_write(&mut self) -> bool {
        !std::mem::replace(&mut self.waited, true)
    }

    /// Writes and flushes all whole frames.
    pub(super) fn poll_drain<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.written < self.whole {
            let bytes = &self.bytes[self.written..self.whole];
            let wrote = ready!(Pin::new(&mut *stream).poll_write(context, bytes))?;
            if wrote == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += wrote;
            self.unflushed = true;
        }
        self.bytes.drain(..self.written);
        self.whole -= self.written;
        self.written = 0;
        ready!(Pin::new(&mut *stream).poll_flush(context))?;
        self.unflushed = false;
        self.waited = false;
        Poll::Ready(Ok(()))
    }
}

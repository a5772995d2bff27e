//! What the engine has written and the peer has not got yet.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::frames::{Frames, HEAD};
use super::ours::Ours;
use super::performative::{DISPOSITION, TRANSFER, code};
use super::trace::{self, Way};

/// From how many bytes on they are written before more are taken.
const MUCH: usize = 64 * 1024;
/// A frame without a body: it says that we are there.
const EMPTY: [u8; HEAD] = [0, 0, 0, 8, 2, 0, 0, 0];

/// The bytes to be written.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // Each tells something of its own.
pub(super) struct Outgoing {
    frames: Frames,
    bytes: Vec<u8>,
    /// Dispositions, which leave behind the transfers: for those somebody waits. There are none
    /// while a part of a frame is in `bytes`.
    behind: Vec<u8>,
    /// Up to where they are written.
    written: usize,
    /// How many were written in all; it may wrap.
    left: usize,
    /// Whether bytes were written to the stream that it may still hold.
    unflushed: bool,
    /// Whether there is more than dispositions, for which nobody waits.
    pressing: bool,
    trace: bool,
    ours: Ours,
    /// Whether anything was put since this was asked for last.
    busy: bool,
}

impl Outgoing {
    pub(super) fn new(trace: bool) -> Self {
        Self {
            frames: Frames::with_transfers(trace),
            bytes: Vec::new(),
            behind: Vec::new(),
            written: 0,
            left: 0,
            unflushed: false,
            pressing: false,
            trace,
            ours: Ours::default(),
            busy: false,
        }
    }

    /// Takes bytes of the engine; tells how many.
    pub(super) fn put(&mut self, bytes: &[u8]) -> usize {
        let bytes = &bytes[..bytes.len().min(MUCH)];
        self.busy = true;
        let before = self.bytes.len();
        let begins_a_frame = self.frames.is_between();
        self.bytes.extend_from_slice(bytes);
        let (trace, ours) = (self.trace, &mut self.ours);
        let (mut dispositions, mut transfers) = (0, 0);
        let mut strays = Vec::new();
        // What the engine writes are frames.
        let _ = self.frames.feed(bytes, |frame| {
            match code(frame.body) {
                Some(DISPOSITION) => dispositions += frame.size,
                Some(TRANSFER) => transfers += frame.size,
                _ => {}
            }
            if !ours.may_leave(&frame) {
                strays.push((before + frame.end, frame.size));
            } else if trace {
                trace::frame(Way::ToPeer, &frame);
            }
        });
        let only_dispositions = begins_a_frame && dispositions == bytes.len();
        self.pressing |= !only_dispositions;
        for (end, size) in strays.into_iter().rev() {
            // One of which a part has left cannot be taken back.
            if let Some(begin) = end.checked_sub(size).filter(|begin| *begin >= self.written) {
                self.bytes.drain(begin..end);
            }
        }
        if only_dispositions {
            self.behind.extend(self.bytes.drain(before..));
        } else if !self.behind.is_empty() && transfers != bytes.len() {
            // They are not told of a link or a session that has ended, nor amid a frame.
            self.bytes.splice(before..before, self.behind.drain(..));
        }
        bytes.len()
    }

    /// A word that we are there, unless the engine has said something since the last time.
    pub(super) fn beat(&mut self) {
        let busy = std::mem::take(&mut self.busy);
        if !busy && self.frames.is_between() {
            self.bytes.extend_from_slice(&EMPTY);
            self.pressing = true;
        }
    }

    /// Whether there is something to write or to flush.
    pub(super) fn is_due(&self) -> bool {
        self.waiting() > 0 || self.unflushed
    }

    /// Whether what there is may wait for company.
    pub(super) fn may_wait(&self) -> bool {
        !self.pressing && !self.unflushed
    }

    /// Whether there is so much that it is to be written before more is taken.
    pub(super) fn is_full(&self) -> bool {
        self.waiting() >= MUCH
    }

    /// How many bytes have not left.
    fn waiting(&self) -> usize {
        self.bytes.len() - self.written + self.behind.len()
    }

    /// How many bytes have left so far.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Writes and flushes everything.
    pub(super) fn poll_drain<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.bytes.append(&mut self.behind);
        while self.written < self.bytes.len() {
            let bytes = &self.bytes[self.written..];
            let Poll::Ready(wrote) = Pin::new(&mut *stream).poll_write(context, bytes) else {
                // What has left is not kept for ever by a peer that never quite keeps up.
                if self.written >= MUCH {
                    self.bytes.drain(..self.written);
                    self.written = 0;
                }
                return Poll::Pending;
            };
            let wrote = wrote?;
            if wrote == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += wrote;
            self.left = self.left.wrapping_add(wrote);
            self.unflushed = true;
        }
        self.bytes.clear();
        self.written = 0;
        ready!(Pin::new(&mut *stream).poll_flush(context))?;
        self.unflushed = false;
        self.pressing = false;
        Poll::Ready(Ok(()))
    }
}

//! The tap: the stream between the socket and the engine of fe2o3-amqp.
//!
//! The engine tells neither what the peer's Open says nor the credit of a link on which it sends;
//! a Close in answer to its Open is lost to it; it waits for ever for a peer that takes no bytes,
//! and for one that does not answer its Close; it says that it is there as late as can be; and it
//! flushes each frame by itself; and it takes the peer's word for what it reads. The tap looks at
//! the peer's frames as they pass, ends the stream when it has to, speaks up in time, gathers what
//! one turn of the tasks has written, and keeps back what cannot be read.

mod frames;
mod guard;
mod links;
mod ours;
mod outgoing;
mod peer;
mod performative;
mod shared;
mod sniff;
#[cfg(test)]
mod tests;
mod trace;
mod transfer;
mod turn;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use busway_core::net::{self, KillSwitch, TlsNames};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

pub(crate) use links::Credit;
pub(crate) use peer::Peer;
pub(in crate::connect) use peer::Words;
pub(crate) use shared::Handle;

use frames::Frames;
pub(super) use guard::Guard;
use guard::Unreadable;
use outgoing::Outgoing;
use trace::Way;
use turn::Turn;

/// How long dispositions may wait for something else to leave with: a write costs more than all
/// else that is done about them.
const LULL: Duration = Duration::from_millis(2);

/// How a stream is tapped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// How long the peer may take no bytes.
    pub(super) patience: Duration,
    /// The largest frame that the peer is told it may send, in bytes.
    pub(super) max_frame_size: usize,
    /// The largest message that is read, in bytes.
    pub(super) max_message_size: u64,
    /// Whether frames are logged.
    pub(super) trace: bool,
    /// What the options of TLS are called.
    pub(super) names: &'static TlsNames,
}

/// The stream that the engine reads and writes.
#[derive(Debug)]
pub(super) struct Tap<S: AsyncWrite + Unpin> {
    stream: S,
    settings: Settings,
    guard: Guard,
    incoming: Frames,
    outgoing: Outgoing,
    handle: Handle,
    /// Runs while the peer takes no bytes.
    stalled: Option<Pin<Box<Sleep>>>,
    beat: Option<Beat>,
    lull: Lull,
    /// The others' turn to write since there is something to write.
    turn: Turn,
}

/// When what may wait has waited long enough.
#[derive(Debug, Default)]
struct Lull {
    end: Option<Pin<Box<Sleep>>>,
    /// Whether something waits for it.
    is_set: bool,
}

impl Lull {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let latest = Instant::now() + LULL;
        let end = self.end.get_or_insert_with(|| Box::pin(sleep_until(latest)));
        if !std::mem::replace(&mut self.is_set, true) {
            end.as_mut().reset(latest);
        }
        end.as_mut().poll(context)
    }
}

/// When to say that we are there.
#[derive(Debug)]
struct Beat {
    every: Duration,
    next: Pin<Box<Sleep>>,
}

impl Beat {
    /// As often as a peer needs that hangs up after this time.
    fn for_peer(idle_time_out: Duration) -> Self {
        // Twice this may pass between two words of ours.
        let every = (idle_time_out / 3).max(Duration::from_millis(1));
        Self { every, next: Box::pin(sleep_until(Instant::now() + every)) }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        ready!(self.next.as_mut().poll(context));
        self.next.as_mut().reset(Instant::now() + self.every);
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Tap<S> {
    /// Puts a tap on a stream, before the protocol header of AMQP. The socket is what
    /// [`Handle::kill`] cuts off.
    pub(super) fn new(stream: S, settings: Settings, socket: Option<KillSwitch>) -> (Self, Handle) {
        let handle = Handle::new(socket);
        let tap = Self {
            stream,
            settings,
            guard: Guard::new(settings.max_message_size),
            incoming: Frames::with_transfers(settings.trace),
            outgoing: Outgoing::new(settings.trace),
            handle: handle.clone(),
            stalled: None,
            beat: None,
            lull: Lull::default(),
            turn: Turn::default(),
        };
        (tap, handle)
    }

    fn check(&self) -> io::Result<()> {
        if self.handle.0.is_killed() {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        }
    }

    /// Makes the kill switch wake the task that is about to wait.
    fn wait(&self, context: &Context<'_>) -> Poll<io::Result<()>> {
        self.handle.0.waker.register(context.waker());
        match self.check() {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// The stream has failed.
    fn fail(&self, error: io::Error) -> io::Error {
        self.handle.0.end(|| {
            if net::is_of_tls(&error) {
                return Words::of(&net::describe(&error, self.settings.names));
            }
            Words::new(format!("the connection failed: {error}"))
        });
        error
    }

    /// The peer sends what it may not.
    fn misbehaves(&self, what: String) -> io::Error {
        self.handle.0.end(|| Words::new(what.clone()));
        io::Error::new(io::ErrorKind::InvalidData, what)
    }

    /// Looks at what came from the peer, and keeps from the engine what it cannot read.
    fn came(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        if let Err(unreadable) = self.guard.pass(bytes) {
            let what = match unreadable {
                Unreadable::Frame => "the peer sent a frame that cannot be read",
                Unreadable::TooManyPieces => "the peer sends more messages in pieces than it may",
            };
            return Err(self.misbehaves(what.to_owned()));
        }
        let (shared, settings) = (&self.handle.0, self.settings);
        let mut judged = Ok(None);
        let fed = self.incoming.feed(bytes, |frame| {
            if settings.trace {
                trace::frame(Way::FromPeer, &frame);
            }
            match sniff::look(&frame, shared) {
                Ok(None) => {}
                other => judged = other,
            }
        });
        if fed.is_err() {
            return Err(self.misbehaves("the peer sent what is no frame of AMQP 1.0".to_owned()));
        }
        if let Some(size) = self.incoming.coming().filter(|size| *size > settings.max_frame_size) {
            let most = settings.max_frame_size;
            let what = format!("the peer sent a frame of {size} bytes; {most} are the most");
            return Err(self.misbehaves(what));
        }
        match judged {
            Ok(peer) => {
                if let Some(time) = peer.and_then(|peer| peer.idle_time_out) {
                    self.beat = Some(Beat::for_peer(time));
                }
                Ok(())
            }
            Err(too_many) => {
                let what = match too_many {
                    sniff::TooMany::Links => "the peer attaches links without end",
                    sniff::TooMany::Deliveries => {
                        "the peer tells the outcome of more deliveries than there are"
                    }
                };
                Err(self.misbehaves(what.to_owned()))
            }
        }
    }

    /// Writes what waits, and sees that it does not stand still for ever.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let before = self.outgoing.left();
        match self.outgoing.poll_drain(&mut self.stream, context) {
            Poll::Ready(drained) => {
                self.stalled = None;
                self.lull.is_set = false;
                self.turn = Turn::NotBegun;
                return Poll::Ready(drained.map_err(|error| self.fail(error)));
            }
            Poll::Pending if self.outgoing.left() != before => self.stalled = None,
            Poll::Pending => {}
        }
        self.poll_stalled(context)
    }

    /// Waits for the peer to take bytes, as long as our patience lasts.
    fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let patience = self.settings.patience;
        let stalled =
            self.stalled.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + patience)));
        if stalled.as_mut().poll(context).is_pending() {
            return self.wait(context);
        }
        let seconds = patience.as_secs_f64();
        self.handle.0.end(|| Words::new(format!("the peer took no bytes for {seconds} s")));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Writes what is due, once the other tasks have had their turn to add to it.
    fn poll_due(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.beat.as_mut().is_some_and(|beat| beat.poll(context).is_ready()) {
            self.outgoing.beat();
            // The timer has to be looked at again to wake us.
            context.waker().wake_by_ref();
        }
        if !self.outgoing.is_due() {
            return Ok(());
        }
        if self.outgoing.may_wait() && self.lull.poll(context).is_pending() {
            return Ok(());
        }
        if self.turn.poll(context).is_pending() {
            return Ok(());
        }
        match self.poll_drain(context) {
            Poll::Ready(drained) => drained,
            Poll::Pending => Ok(()),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        tap.check()?;
        tap.poll_due(context)?;
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        match Pin::new(&mut tap.stream).poll_read(context, buffer) {
            Poll::Pending => tap.wait(context),
            Poll::Ready(Err(error)) => Poll::Ready(Err(tap.fail(error))),
            Poll::Ready(Ok(())) => {
                let came = &mut buffer.filled_mut()[before..];
                if came.is_empty() && room > 0 {
                    tap.handle.0.end(|| Words::new("the peer hung up"));
                }
                Poll::Ready(tap.came(came))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let tap = self.get_mut();
        tap.check()?;
        if tap.outgoing.is_full() {
            ready!(tap.poll_drain(context))?;
        }
        Poll::Ready(Ok(tap.outgoing.put(bytes)))
    }

    /// What is written leaves when the engine goes to read, which is what it does next, or when
    /// there is much of it.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        tap.check()?;
        if tap.outgoing.is_full() { tap.poll_drain(context) } else { Poll::Ready(Ok(())) }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tap = self.get_mut();
        tap.check()?;
        ready!(tap.poll_drain(context))?;
        match Pin::new(&mut tap.stream).poll_shutdown(context) {
            Poll::Pending => tap.poll_stalled(context),
            ready @ Poll::Ready(_) => ready,
        }
    }
}

impl<S: AsyncWrite + Unpin> Drop for Tap<S> {
    /// The engine drops the stream right after its last word: that leaves if it can at once.
    fn drop(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        let _ = self.outgoing.poll_drain(&mut self.stream, &mut context);
        self.handle.0.dropped();
    }
}

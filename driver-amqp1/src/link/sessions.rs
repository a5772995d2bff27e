//! The sessions of one connection that links of one kind are spread over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use busway_core::{Error, ErrorKind, Result};
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::messaging::Source;
use fe2o3_amqp::{Receiver, Sender};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::epoch::Ending;
use super::session::Attacher;

/// How many links a session has: peers bound them, some at 256.
const LINKS: usize = 200;

/// The smallest frame that peers may agree upon, in bytes: what a message takes is counted in it.
const SMALLEST_FRAME: usize = 512;

/// How much sessions and links send before others take their places. The client library counts in
/// 32 bits and stands still for ever at their end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wear {
    /// The frames of a session, and the deliveries of a link.
    pub(crate) most: u32,
    /// What is counted from: a number near the end in tests.
    pub(crate) first: u32,
}

impl Default for Wear {
    fn default() -> Self {
        Self { most: 1 << 30, first: 0 }
    }
}

/// Asks the owner of the connection for one more session.
pub(super) type Begin = mpsc::Sender<oneshot::Sender<Result<SessionHandle<()>>>>;

/// Sessions, as many as it takes.
#[derive(Debug)]
pub(super) struct Sessions {
    begin: Begin,
    ending: Ending,
    wear: Wear,
    begun: Mutex<Vec<Session>>,
}

#[derive(Debug)]
struct Session {
    attacher: Attacher,
    seat: Seat,
}

/// The place of a link in its session, given up when dropped.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    /// The frames with messages that the session has carried, about.
    carried: Arc<AtomicU64>,
    most: u64,
}

impl Seat {
    fn new(most: u64) -> Self {
        Self { carried: Arc::default(), most }
    }

    /// The session carries a message of so many bytes.
    pub(super) fn carry(&self, bytes: usize) {
        let frames = 1 + bytes / SMALLEST_FRAME;
        self.carried.fetch_add(frames as u64, Ordering::Relaxed);
    }

    /// Whether the session has carried so much that its links are to move to another.
    pub(super) fn is_worn(&self) -> bool {
        self.carried.load(Ordering::Relaxed) >= self.most
    }

    /// How many links have a place in the session.
    fn taken(&self) -> usize {
        // One is the session's own.
        Arc::strong_count(&self.carried) - 1
    }
}

impl Sessions {
    pub(super) fn new(begin: Begin, ending: Ending, wear: Wear) -> Self {
        Self { begin, ending, wear, begun: Mutex::default() }
    }

    /// A link to send by.
    pub(super) async fn sender(&self, name: &str, address: &str) -> Result<(Sender, Seat)> {
        let (attacher, seat) = self.seat().await?;
        Ok((attacher.sender(name, address, self.wear.first).await?, seat))
    }

    /// A link to receive by; it has no credit yet.
    pub(super) async fn receiver(&self, name: &str, source: Source) -> Result<(Receiver, Seat)> {
        let (attacher, seat) = self.seat().await?;
        Ok((attacher.receiver(name, source).await?, seat))
    }

    /// A place in a session that has one.
    async fn seat(&self) -> Result<(Attacher, Seat)> {
        // One at a time, so that no more sessions are begun than it takes.
        let mut begun = self.begun.lock().await;
        begun.retain(|session| !session.seat.is_worn() || session.seat.taken() > 0);
        let has_room = |session: &&Session| !session.seat.is_worn() && session.seat.taken() < LINKS;
        if let Some(session) = begun.iter().find(has_room) {
            return Ok((session.attacher.clone(), session.seat.clone()));
        }
        let (answer, answered) = oneshot::channel();
        let lost = || Error::new(ErrorKind::Connection, "the connection to the peer was lost");
        self.begin.send(answer).await.map_err(|_| lost())?;
        let session = answered.await.unwrap_or_else(|_| Err(lost()))?;
        let attacher = Attacher::start(session, self.ending.clone());
        let seat = Seat::new(self.wear.most.into());
        begun.push(Session { attacher: attacher.clone(), seat: seat.clone() });
        Ok((attacher, seat))
    }
}

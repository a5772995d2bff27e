//! The way from the driver's users to the thread of the connection.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use busway_core::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::epoch::Epoch;
use super::outbox::{Afterwards, Item, Outbox, Place, Tell, Verdict};
use super::replies::{Waiters, Waiting};
use super::sender;
use super::supervisor::{self, Opening};
use super::words;
use crate::options::AmqpOptions;
use crate::wire::{Destination, Outgoing};

/// How the connection is.
#[derive(Clone, Debug)]
pub(super) enum State {
    Down(Arc<Error>),
    Up(Arc<Epoch>),
    Closed,
}

/// What the tasks on the connection's thread share with those who hand them work.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) options: Arc<AmqpOptions>,
    pub(super) state: watch::Sender<State>,
    pub(super) waiters: Waiters,
    outboxes: Mutex<HashMap<Destination, Arc<Outbox>>>,
    /// Cancelled when what is under way is to come to an end.
    closing: CancellationToken,
    /// Cancelled when the connection is to end.
    pub(super) stop: CancellationToken,
}

impl Line {
    /// The connection, once it is up; none once the transport is closed.
    pub(super) async fn up(&self) -> Option<Arc<Epoch>> {
        let mut state = self.state.subscribe();
        loop {
            match &*state.borrow_and_update() {
                State::Up(epoch) if !epoch.ending.lost.is_cancelled() => {
                    return Some(epoch.clone());
                }
                State::Closed => return None,
                State::Up(_) | State::Down(_) => {}
            }
            // The sender is a part of this.
            let _ = state.changed().await;
        }
    }

    pub(super) async fn closing(&self) {
        self.closing.cancelled().await;
    }

    pub(super) async fn closed(&self) {
        self.stop.cancelled().await;
    }

    pub(super) fn link_retry_delay(&self) -> Duration {
        *self.options.link_retry_delay
    }

    /// How long a link to a destination may lie idle.
    pub(super) fn idle_timeout(&self) -> Duration {
        *self.options.default_sender_link_timeout
    }

    /// Forgets an outbox that nobody serves any more.
    pub(super) fn forget(&self, outbox: &Arc<Outbox>) {
        outbox.close();
        let mut outboxes = self.outboxes.lock();
        if outboxes.get(&outbox.destination).is_some_and(|there| Arc::ptr_eq(there, outbox)) {
            outboxes.remove(&outbox.destination);
        }
    }
}

/// The connection to the peer, which comes back after a loss until it is closed.
#[derive(Debug)]
pub(crate) struct Bus {
    line: Arc<Line>,
    thread: Handle,
    tasks: TaskTracker,
    /// Cancelled when the thread has ended its work.
    done: CancellationToken,
}

/// A message on its way; taken back when dropped, if it has not left.
#[derive(Debug)]
pub(crate) struct Sending {
    _place: Place,
    verdict: oneshot::Receiver<Verdict>,
}

impl Sending {
    /// What becomes of it. Cancel safe.
    pub(crate) async fn verdict(&mut self) -> Verdict {
        (&mut self.verdict).await.unwrap_or_else(|_| Verdict::Refused(words::closed()))
    }
}

/// A request on its way; taken back when dropped, if it has not left.
#[derive(Debug)]
pub(crate) struct Calling {
    _place: Place,
}

/// A link on which the peer took another message a moment ago.
#[derive(Debug)]
pub(crate) struct OpenWay(Arc<Outbox>);

impl OpenWay {
    /// Sends a settled message for which nobody waits, if it still can leave at once; whether it
    /// can. What becomes of it is told to `done`, on the connection's thread.
    pub(crate) fn send_off(
        &self,
        outgoing: Outgoing,
        until: Instant,
        done: impl FnOnce(Verdict) + Send + Sync + 'static,
    ) -> bool {
        let tell = Tell::Afterwards(Afterwards::new(until, done));
        self.0.put_if_it_can_leave(Item { outgoing, settled: true, tell })
    }
}

impl Bus {
    /// Connects to one of the hosts, and keeps connected from then on.
    pub(crate) async fn open(opening: Opening) -> Result<Self> {
        let line = Arc::new(Line {
            options: opening.options.clone(),
            state: watch::Sender::new(State::Down(Arc::new(words::lost()))),
            waiters: Waiters::default(),
            outboxes: Mutex::default(),
            closing: CancellationToken::new(),
            stop: CancellationToken::new(),
        });
        let done = CancellationToken::new();
        // Whoever gives up opening ends it.
        let unopened = line.stop.clone().drop_guard();
        let (ready, opened) = oneshot::channel();
        let thread = supervisor::start(opening, line.clone(), ready, done.clone())?;
        let ended = || Error::new(ErrorKind::Internal, "the connection's thread ended");
        opened.await.map_err(|_| ended())??;
        unopened.disarm();
        Ok(Self { line, thread, tasks: TaskTracker::new(), done })
    }

    pub(super) fn line(&self) -> &Arc<Line> {
        &self.line
    }

    pub(super) fn stopping(&self) -> &CancellationToken {
        &self.line.closing
    }

    /// How many tasks there are on the connection's thread.
    #[cfg(test)]
    pub(super) fn alive(&self) -> usize {
        self.thread.metrics().num_alive_tasks()
    }

    /// Whether the stream of the connection has ended, whoever knows of it yet.
    #[cfg(test)]
    pub(crate) fn has_ended(&self) -> bool {
        match &*self.line.state.borrow() {
            State::Up(epoch) => epoch.ending.tap.words().is_some(),
            State::Down(_) | State::Closed => true,
        }
    }

    /// Runs a task on the connection's thread; closing waits for it.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(task, &self.thread);
    }

    /// Sends a message.
    pub(crate) fn send(
        &self,
        destination: &Destination,
        outgoing: Outgoing,
        settled: bool,
    ) -> Result<Sending> {
        let (sender, verdict) = oneshot::channel();
        let item = Item { outgoing, settled, tell: Tell::Sender(sender) };
        Ok(Sending { _place: self.put(destination, item)?, verdict })
    }

    /// Sends a request whose answer somebody waits for.
    pub(crate) fn call(
        &self,
        destination: &Destination,
        outgoing: Outgoing,
        settled: bool,
        monitored: bool,
    ) -> Result<(Calling, Waiting)> {
        let id = outgoing.message_id.clone();
        let id = id.ok_or_else(|| Error::new(ErrorKind::Internal, "a call without an id"))?;
        let waiters = self.line.waiters.clone();
        let waiting = waiters.wait_for(id.clone(), monitored);
        let item = Item { outgoing, settled, tell: Tell::Call(id, waiters) };
        Ok((Calling { _place: self.put(destination, item)? }, waiting))
    }

    /// The link to a destination, if it is up and the peer takes another message.
    pub(crate) fn open_way(&self, destination: &Destination) -> Option<OpenWay> {
        let outbox = self.line.outboxes.lock().get(destination).cloned();
        outbox.filter(|outbox| outbox.has_room()).map(OpenWay)
    }

    fn put(&self, destination: &Destination, mut item: Item) -> Result<Place> {
        loop {
            if self.line.stop.is_cancelled() {
                return Err(words::closed());
            }
            match self.outbox(destination).put(item) {
                Ok(place) => return Ok(place),
                // It was retired this moment.
                Err(back) => item = back,
            }
        }
    }

    /// The outbox of a destination, served from now on.
    fn outbox(&self, destination: &Destination) -> Arc<Outbox> {
        let mut outboxes = self.line.outboxes.lock();
        if let Some(outbox) = outboxes.get(destination)
            && !outbox.is_retired()
        {
            return outbox.clone();
        }
        let outbox = Outbox::new(destination.clone());
        outboxes.insert(destination.clone(), outbox.clone());
        self.spawn(sender::serve(outbox.clone(), self.line.clone()));
        outbox
    }

    /// Waits until the transport is closed. Cancel safe.
    pub(crate) async fn closed(&self) {
        self.line.closed().await;
    }

    /// The error of what did not happen in time: that there is no connection, when that is why.
    pub(crate) fn late(&self, what: &str) -> Error {
        match &*self.line.state.borrow() {
            State::Down(why) => {
                let message = format!("no connection in time: {}", why.message());
                Error::new(why.kind(), message)
            }
            State::Up(_) | State::Closed => Error::new(ErrorKind::Timeout, what.to_owned()),
        }
    }

    /// Ends the subscriptions, once what they took is settled, lets leave what is to be sent, then
    /// closes the connection.
    pub(crate) async fn close(&self, deadline: Instant) {
        self.line.closing.cancel();
        self.tasks.close();
        // A part of the time is kept for the connection.
        let remaining = deadline.saturating_duration_since(Instant::now());
        let patience = deadline - (remaining / 4).min(Duration::from_secs(2));
        if tokio::time::timeout_at(patience, self.tasks.wait()).await.is_err() {
            tracing::debug!("closed while something taken was not settled: it comes again");
        }
        self.line.stop.cancel();
        self.line.waiters.close();
        let _ = tokio::time::timeout_at(deadline, self.done.cancelled()).await;
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.line.closing.cancel();
        self.line.stop.cancel();
    }
}

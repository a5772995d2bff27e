//! What the stream and those who hold its handle share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use busway_core::Error;
use busway_core::net::KillSwitch;
use fe2o3_amqp::types::performatives::{Close, Open};
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::links::{Credit, Links};
use super::peer::{Peer, Words};

/// What a connection's owner holds of its stream.
#[derive(Clone, Debug)]
pub(crate) struct Handle(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    /// The task that reads and writes the stream.
    pub(super) waker: AtomicWaker,
    killed: AtomicBool,
    socket: Option<KillSwitch>,
    /// The peer has sent its Close.
    closed: CancellationToken,
    /// The stream has ended.
    gone: CancellationToken,
    said: Mutex<Said>,
    pub(super) links: Mutex<Links>,
}

#[derive(Debug, Default)]
struct Said {
    peer: Option<Peer>,
    words: Option<Words>,
}

impl Handle {
    pub(super) fn new(socket: Option<KillSwitch>) -> Self {
        Self(Arc::new(Shared {
            waker: AtomicWaker::new(),
            killed: AtomicBool::new(false),
            socket,
            closed: CancellationToken::new(),
            gone: CancellationToken::new(),
            said: Mutex::default(),
            links: Mutex::default(),
        }))
    }

    /// Ends both directions now, whatever waits for them: the engine waits for ever for a peer
    /// that does not answer its Close.
    pub(crate) fn kill(&self) {
        self.0.killed.store(true, Ordering::Release);
        self.0.end(|| Words::new("the connection was cut off"));
        if let Some(socket) = &self.0.socket {
            socket.kill();
        }
        self.0.waker.wake();
    }

    /// What kills when it is dropped: for the time until a connection has an owner.
    pub(in crate::connect) fn on_drop(&self) -> KillOnDrop {
        KillOnDrop(Some(self.clone()))
    }

    /// Waits until the stream has ended: by the peer, an error, the watchdog, the engine, or
    /// [`kill`](Self::kill). Cancel safe.
    pub(crate) async fn gone(&self) {
        self.0.gone.cancelled().await;
    }

    /// Why the stream has ended, or is about to: what the peer's Close says, or what went wrong.
    pub(crate) fn words(&self) -> Option<Error> {
        self.0.said.lock().words.as_ref().map(Words::to_error)
    }

    /// The credit of a link, attached or not yet. Its name has to be its own on the whole
    /// connection.
    pub(crate) fn credit(&self, link_name: &str) -> Credit {
        self.0.links.lock().credit(link_name)
    }

    /// Waits until the peer has sent its Close, or the stream has ended. Cancel safe.
    pub(in crate::connect) async fn closed(&self) {
        tokio::select! {
            () = self.0.closed.cancelled() => {}
            () = self.0.gone.cancelled() => {}
        }
    }

    /// What the peer's Open says, once it is there.
    pub(in crate::connect) fn peer(&self) -> Option<Peer> {
        self.0.said.lock().peer.clone()
    }
}

/// Kills a stream when it is dropped, unless it was defused.
#[derive(Debug)]
pub(in crate::connect) struct KillOnDrop(Option<Handle>);

impl KillOnDrop {
    pub(in crate::connect) fn defuse(mut self) {
        self.0 = None;
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.kill();
        }
    }
}

impl Shared {
    pub(super) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    /// The stream has ended; the first who knows why is believed.
    pub(super) fn end(&self, why: impl FnOnce() -> Words) {
        self.said.lock().words.get_or_insert_with(why);
        self.gone.cancel();
    }

    /// The engine has let go of the stream. The switch holds the socket too: what has been written
    /// still leaves.
    pub(super) fn dropped(&self) {
        self.gone.cancel();
        if let Some(socket) = &self.socket {
            socket.kill();
        }
    }

    /// Takes what the peer's Open says.
    pub(super) fn opened(&self, open: Open) -> Peer {
        let peer = Peer::read(open);
        self.said.lock().peer.get_or_insert_with(|| peer.clone());
        peer
    }

    /// Takes what the peer's Close says.
    pub(super) fn closes(&self, close: Close) {
        self.said.lock().words.get_or_insert_with(|| Words::read(close));
        self.closed.cancel();
    }
}

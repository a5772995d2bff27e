//! One connection, from its sessions to its end.

use std::sync::Arc;

use busway_core::{Error, ErrorKind, Result};
use fe2o3_amqp::Session;
use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::messaging::{Source, TerminusDurability, TerminusExpiryPolicy};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, timeout};
use tokio_util::sync::CancellationToken;

use super::outbox::again;
use super::receiver::{self, Receiving};
use super::session::Attacher;
use super::sessions::{Sessions, Wear};
use super::words;
use crate::connect::{Connected, Handle, Peer};
use crate::wire::Addresses;

/// How many transfers a session may have on the way to us before we say that there may be more.
const WINDOW: u32 = 2048;
/// The frames between the tasks of a session and its connection.
const BUFFER: usize = 512;
/// How long a peer may take to answer the begin of a session.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an orderly end of a connection may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// What all links of one connection share.
#[derive(Debug)]
pub(super) struct Epoch {
    /// Its number: one more with each connection.
    pub(super) number: u64,
    pub(super) addresses: Addresses,
    /// The node of the replies, as the peer named it.
    pub(super) reply_to: Arc<str>,
    pub(super) senders: Sessions,
    pub(super) receivers: Sessions,
    pub(super) ending: Ending,
    pub(super) wear: Wear,
}

/// The end of a connection: whoever finds it broken says why, and all hear it.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) tap: Handle,
    pub(super) lost: CancellationToken,
    why: Arc<Mutex<Option<Error>>>,
}

impl Ending {
    fn new(tap: Handle) -> Self {
        Self { tap, lost: CancellationToken::new(), why: Arc::default() }
    }

    /// Ends the connection; the first reason counts.
    pub(super) fn end(&self, why: Error) {
        self.why.lock().get_or_insert(why);
        self.lost.cancel();
        self.tap.kill();
    }

    /// Why it ended: the peer's own words, if it said any.
    pub(super) fn why(&self) -> Error {
        self.tap.words().or_else(|| self.why.lock().as_ref().map(again)).unwrap_or_else(words::lost)
    }
}

/// A connection whose reply link is up.
pub(super) struct Opened {
    pub(super) epoch: Arc<Epoch>,
    connection: ConnectionHandle<()>,
    /// Those who ask for one more session.
    asking: mpsc::Receiver<oneshot::Sender<Result<SessionHandle<()>>>>,
}

/// Begins the session of the replies, and attaches the reply link before anything else.
pub(super) async fn open(
    connected: Connected,
    number: u64,
    wear: Wear,
    addresses: impl FnOnce(&Peer) -> Addresses,
    replies: Receiving,
) -> Result<Opened> {
    let Connected { mut connection, peer, tap } = connected;
    let ending = Ending::new(tap);
    let session = begin(&mut connection, &ending, wear).await?;
    let replying = Attacher::start(session, ending.clone());
    let link = replying.receiver(&receiver::name("replies"), dynamic()).await?;
    let address = link.source().as_ref().and_then(|source| source.address.clone());
    let reply_to: Arc<str> = address
        .ok_or_else(|| Error::new(ErrorKind::Refused, "the peer did not name the reply node"))?
        .into();
    let (asks, asking) = mpsc::channel(1);
    let epoch = Arc::new(Epoch {
        number,
        addresses: addresses(&peer),
        reply_to,
        senders: Sessions::new(asks.clone(), ending.clone(), wear),
        receivers: Sessions::new(asks, ending.clone(), wear),
        ending: ending.clone(),
        wear,
    });
    tokio::spawn(async move {
        // The session lives as long as its attacher.
        let _session = replying;
        let ended = receiver::pump(link, &replies, &ending).await;
        if let receiver::End::Detached(why) = ended {
            ending.end(Error::new(ErrorKind::Connection, why.message().to_owned()));
        }
    });
    Ok(Opened { epoch, connection, asking })
}

async fn begin(
    connection: &mut ConnectionHandle<()>,
    ending: &Ending,
    wear: Wear,
) -> Result<SessionHandle<()>> {
    let beginning = Session::builder()
        .next_outgoing_id(wear.first)
        .incoming_window(WINDOW)
        .buffer_size(BUFFER)
        .begin(connection);
    let begun = tokio::select! {
        begun = timeout(PATIENCE, beginning) => begun,
        () = ending.tap.gone() => return Err(ending.why()),
    };
    let failed = |why: String| Error::new(ErrorKind::Connection, why);
    let Ok(begun) = begun else {
        let why = "the peer did not answer the begin of a session in time";
        ending.end(failed(why.to_owned()));
        return Err(failed(why.to_owned()));
    };
    begun.map_err(|error| failed(format!("no session could be begun: {error}")))
}

/// A node that the peer makes for this link, and names; it goes with the link.
fn dynamic() -> Source {
    Source::builder()
        .dynamic(true)
        .durable(TerminusDurability::None)
        .expiry_policy(TerminusExpiryPolicy::LinkDetach)
        .build()
}

impl Opened {
    /// Waits until the connection is lost, and says why.
    pub(super) async fn lost(&mut self) -> Error {
        let ending = self.epoch.ending.clone();
        loop {
            tokio::select! {
                biased;
                () = ending.lost.cancelled() => break,
                () = ending.tap.gone() => break,
                closed = self.connection.on_close() => {
                    let why = closed.err().map_or_else(words::lost, |error| {
                        Error::new(ErrorKind::Connection, format!("the connection ended: {error}"))
                    });
                    ending.end(why);
                    break;
                }
                Some(answer) = self.asking.recv() => {
                    let begun = begin(&mut self.connection, &ending, self.epoch.wear).await;
                    // Without its asker it ends at once.
                    drop(answer.send(begun));
                }
            }
        }
        ending.end(words::lost());
        ending.why()
    }

    /// Closes the connection in good order, or cuts it off when the peer takes too long.
    pub(super) async fn close(mut self) {
        let ending = &self.epoch.ending;
        // An end that we want is none that the links are to report.
        let _ = timeout(CLOSE_TIMEOUT, self.connection.close()).await;
        ending.lost.cancel();
        ending.tap.kill();
    }
}

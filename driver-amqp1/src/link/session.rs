//! One session: it attaches links, one after the other.

use busway_core::{Error, ErrorKind, Result};
use fe2o3_amqp::link::receiver::CreditMode;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::definitions::{ReceiverSettleMode, SenderSettleMode};
use fe2o3_amqp::types::messaging::{Source, Target};
use fe2o3_amqp::{Receiver, Sender};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::epoch::Ending;
use super::words;

/// How long a peer may take to answer an attach. A late answer would end the session, so that the
/// connection is given up instead.
const PATIENCE: Duration = Duration::from_secs(10);
/// In how many turns a session has taken what its links had for it.
const TURNS: usize = 32;
/// How many attaches may wait for their turn.
const WAITING: usize = 64;

/// Where links of a session are asked for.
#[derive(Clone, Debug)]
pub(super) struct Attacher(mpsc::Sender<Attach>);

#[derive(Debug)]
enum Attach {
    Sender { name: String, address: String, first: u32, answer: oneshot::Sender<Result<Sender>> },
    Receiver { name: String, source: Box<Source>, answer: oneshot::Sender<Result<Receiver>> },
}

impl Attacher {
    /// Serves a session on a task of its own, until the connection is lost or the last attacher is
    /// dropped.
    pub(super) fn start(session: SessionHandle<()>, ending: Ending) -> Self {
        let (sender, requests) = mpsc::channel(WAITING);
        tokio::spawn(Serving { session, ending }.run(requests));
        Self(sender)
    }

    /// A link to send by, whose deliveries are counted from that number.
    pub(super) async fn sender(&self, name: &str, address: &str, first: u32) -> Result<Sender> {
        let (answer, answered) = oneshot::channel();
        let (name, address) = (name.to_owned(), address.to_owned());
        self.ask(Attach::Sender { name, address, first, answer }, answered).await
    }

    /// A link to receive by; it has no credit yet.
    pub(super) async fn receiver(&self, name: &str, source: Source) -> Result<Receiver> {
        let (answer, answered) = oneshot::channel();
        let source = Box::new(source);
        self.ask(Attach::Receiver { name: name.to_owned(), source, answer }, answered).await
    }

    async fn ask<L>(&self, attach: Attach, answered: oneshot::Receiver<Result<L>>) -> Result<L> {
        let ended = || Error::new(ErrorKind::Connection, "the session ended");
        self.0.send(attach).await.map_err(|_| ended())?;
        answered.await.unwrap_or_else(|_| Err(ended()))
    }
}

struct Serving {
    session: SessionHandle<()>,
    ending: Ending,
}

impl Serving {
    async fn run(mut self, mut requests: mpsc::Receiver<Attach>) {
        loop {
            let attach = tokio::select! {
                biased;
                () = self.ending.lost.cancelled() => return,
                ended = self.session.on_end() => {
                    self.ending.end(words::of_end(ended.err()));
                    return;
                }
                attach = requests.recv() => attach,
            };
            let Some(attach) = attach else { break };
            self.attach(attach).await;
        }
        // Dropping the handle ends the session; nobody waits for the peer's answer.
    }

    /// Attaches a link: whatever the asker does meanwhile, it is not cut.
    async fn attach(&mut self, attach: Attach) {
        let was_refused = match attach {
            Attach::Sender { name, address, first, answer } => {
                let attaching = Sender::builder()
                    .name(name)
                    .initial_delivery_count(first)
                    .source(Source::builder().address(address.as_str()).build())
                    .target(Target::builder().address(address.as_str()).build())
                    .sender_settle_mode(SenderSettleMode::Mixed)
                    .receiver_settle_mode(ReceiverSettleMode::First)
                    .attach(&mut self.session);
                let attached = attached(attaching, &self.ending.lost).await;
                let attached = attached.map(|attached| attached.map_err(words::of_sender_attach));
                let was_refused = matches!(attached, Some(Err(_)));
                if let Err(Ok(link)) = answer.send(self.concluded(attached)) {
                    // The asker is gone.
                    drop(link);
                }
                was_refused
            }
            Attach::Receiver { name, source, answer } => {
                let attaching = Receiver::builder()
                    .name(name)
                    .source(*source)
                    .sender_settle_mode(SenderSettleMode::Mixed)
                    .receiver_settle_mode(ReceiverSettleMode::First)
                    .credit_mode(CreditMode::Manual)
                    .attach(&mut self.session);
                let attached = attached(attaching, &self.ending.lost).await;
                let attached = attached.map(|attached| attached.map_err(words::of_receiver_attach));
                let was_refused = matches!(attached, Some(Err(_)));
                if let Err(Ok(link)) = answer.send(self.concluded(attached)) {
                    drop(link);
                }
                was_refused
            }
        };
        if was_refused {
            // The engine may have a detach of its own for the session still, behind the one with
            // which it answered the peer. Taken when its handle is another link's, it would detach
            // that one, and the session would end. The session has its turns on this thread.
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
        }
    }

    fn concluded<L>(&self, attached: Option<Result<L>>) -> Result<L> {
        attached.unwrap_or_else(|| {
            let message = "the peer did not answer the attach of a link in time";
            let error = Error::new(ErrorKind::Connection, message);
            self.ending.end(super::outbox::again(&error));
            Err(error)
        })
    }
}

/// What an attach comes to; none when the peer does not answer it, or is gone.
async fn attached<L, E>(
    attaching: impl Future<Output = Result<L, E>>,
    lost: &CancellationToken,
) -> Option<Result<L, E>> {
    tokio::select! {
        biased;
        attached = timeout_at(Instant::now() + PATIENCE, attaching) => attached.ok(),
        () = lost.cancelled() => None,
    }
}

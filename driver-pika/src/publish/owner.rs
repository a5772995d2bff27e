//! The one task that publishes on a channel.
//!
//! Publishes pipelined on one channel by several tasks get each other's returns, and an
//! acknowledgement of several messages resolves them in random order. So one task owns the
//! channel, publishes in order, and matches returns by message id.

use std::collections::{HashSet, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use busway_core::{Error, ErrorKind};
use futures_util::FutureExt;
use lapin::options::BasicPublishOptions;
use lapin::{Channel, Confirmation, PublisherConfirm};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Done, Outgoing, Published};
use crate::connect::{describe, is_not_found};
use crate::link::{Live, lost};

/// How many messages may be on their way unconfirmed.
pub(super) const WINDOW: usize = 256;

pub(super) struct Owner {
    pub(super) live: Arc<Live>,
    pub(super) channel: Channel,
    pub(super) exchange: String,
    pub(super) pending: VecDeque<Pending>,
    /// The ids of messages that came back, until their confirm is read.
    pub(super) returned: HashSet<String>,
    /// Whether the exchange is known to exist; where it could not be declared, one message goes
    /// alone first.
    pub(super) proven: bool,
}

pub(super) struct Pending {
    message_id: String,
    confirm: PublisherConfirm,
    done: Done,
}

/// Why the owner ends.
enum End {
    Finished,
    Lost,
    Channel(lapin::Error),
}

impl Owner {
    /// Publishes until there is nobody left to ask, or the channel or connection is lost.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<(Outgoing, Done)>) {
        let end = self.serve(&mut commands).await;
        commands.close();
        self.settle_pending(&end);
        while let Some((_, done)) = commands.recv().await {
            // Whoever asked may be gone.
            let _ = done.send(not_sent(&end));
        }
    }

    async fn serve(&mut self, commands: &mut mpsc::Receiver<(Outgoing, Done)>) -> End {
        let mut blocked = self.live.blocked();
        let live = self.live.clone();
        loop {
            let window = if self.proven { WINDOW } else { 1 };
            let open = !*blocked.borrow_and_update() && self.pending.len() < window;
            tokio::select! {
                biased;
                () = live.lost() => return End::Lost,
                settled = self.confirms(), if !self.pending.is_empty() => {
                    if let Err(error) = settled {
                        return End::Channel(error);
                    }
                }
                // The sender lives as long as the connection.
                _ = blocked.changed() => {}
                command = commands.recv(), if open => match command {
                    Some((outgoing, done)) => {
                        if let Err(end) = self.publish(outgoing, done).await {
                            return end;
                        }
                        // What is asked for already goes with it: a burst costs one round.
                        while !*blocked.borrow()
                            && self.pending.len() < window
                            && let Ok((outgoing, done)) = commands.try_recv()
                        {
                            if let Err(end) = self.publish(outgoing, done).await {
                                return end;
                            }
                        }
                    }
                    None if self.pending.is_empty() => return End::Finished,
                    None => return self.finish(&live).await,
                }
            }
        }
    }

    /// Waits for the last confirms.
    async fn finish(&mut self, live: &Live) -> End {
        while !self.pending.is_empty() {
            tokio::select! {
                biased;
                () = live.lost() => return End::Lost,
                settled = self.confirms() => if let Err(error) = settled {
                    return End::Channel(error);
                }
            }
        }
        // In order: nothing is queued behind this.
        let _ = self.channel.close(200, "done".into()).await;
        End::Finished
    }

    async fn publish(&mut self, outgoing: Outgoing, done: Done) -> Result<(), End> {
        // What was given up meanwhile is not sent.
        if done.is_closed() || outgoing.deadline <= Instant::now() {
            return Ok(());
        }
        let options = BasicPublishOptions { mandatory: outgoing.mandatory, immediate: false };
        let publishing = self.channel.basic_publish(
            self.exchange.as_str().into(),
            outgoing.routing_key.as_str().into(),
            options,
            &outgoing.body,
            outgoing.properties,
        );
        let handed = tokio::select! {
            biased;
            handed = publishing => handed,
            () = self.live.lost() => {
                let _ = done.send(Published::InDoubt(lost()));
                return Err(End::Lost);
            }
        };
        match handed {
            Ok(confirm) => {
                let message_id = outgoing.message_id;
                self.pending.push_back(Pending { message_id, confirm, done });
                Ok(())
            }
            Err(error) => {
                let _ = done.send(Published::NotSent(describe(&error)));
                Err(End::Channel(error))
            }
        }
    }

    /// Waits until confirms have come, and tells whoever asked.
    async fn confirms(&mut self) -> Result<(), lapin::Error> {
        let mut settled = Vec::new();
        poll_fn(|cx| self.poll_confirms(cx, &mut settled)).await?;
        // The library resolves the confirms of one acknowledgement in random order and under one
        // lock, and a return may hang on any of them. This takes the same lock: once it has it,
        // all of them are there to be read.
        let _ = self.channel.wait_for_confirms().now_or_never();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        if let Poll::Ready(Err(error)) = self.poll_confirms(&mut cx, &mut settled) {
            self.tell(settled);
            return Err(error);
        }
        self.tell(settled);
        Ok(())
    }

    /// Reads the confirms that are there, in the order of publishing.
    fn poll_confirms(
        &mut self,
        cx: &mut Context<'_>,
        settled: &mut Vec<(Pending, bool)>,
    ) -> Poll<Result<(), lapin::Error>> {
        while let Some(first) = self.pending.front_mut() {
            match Pin::new(&mut first.confirm).poll(cx) {
                Poll::Pending => break,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(confirmation)) => {
                    let taken = !matches!(confirmation, Confirmation::Nack(_));
                    self.note_return(confirmation);
                    if let Some(pending) = self.pending.pop_front() {
                        settled.push((pending, taken));
                    }
                }
            }
        }
        if settled.is_empty() { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    fn note_return(&mut self, confirmation: Confirmation) {
        let message = confirmation.take_message();
        let id = message.and_then(|it| it.delivery.properties.message_id().clone());
        self.returned.extend(id.map(|id| id.to_string()));
    }

    fn tell(&mut self, settled: Vec<(Pending, bool)>) {
        self.proven |= !settled.is_empty();
        for (pending, taken) in settled {
            let published = if self.returned.remove(&pending.message_id) {
                Published::Returned
            } else if taken {
                Published::Confirmed
            } else {
                let message = "the broker refused the message (a queue is full, or failed)";
                Published::Refused(Error::new(ErrorKind::Full, message))
            };
            // Whoever asked may be gone.
            let _ = pending.done.send(published);
        }
    }

    fn settle_pending(&mut self, end: &End) {
        // A message that was alone when its exchange was found missing went nowhere. Of several,
        // nobody can tell which came before the exchange went.
        let missing = matches!(end, End::Channel(error) if is_not_found(error));
        let alone = self.pending.len() == 1;
        for pending in self.pending.drain(..) {
            let published = match end {
                End::Channel(_) if missing && alone => Published::MissingExchange,
                End::Channel(error) => Published::InDoubt(describe(error)),
                End::Lost | End::Finished => Published::InDoubt(lost()),
            };
            let _ = pending.done.send(published);
        }
    }
}

fn not_sent(end: &End) -> Published {
    match end {
        End::Channel(error) if is_not_found(error) => Published::MissingExchange,
        End::Channel(error) => Published::NotSent(describe(error)),
        End::Lost | End::Finished => Published::NotSent(lost()),
    }
}

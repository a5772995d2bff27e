//! The one task that publishes on a channel.
//!
//! Publishes pipelined on one channel by several tasks get each other's returns, and an
//! acknowledgement of several messages resolves them in random order. So one task owns the
//! channel, publishes in order, and matches returns by message id.

use std::collections::{HashSet, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use busway_core::{Error, ErrorKind};
use futures_util::FutureExt;
use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{Channel, Confirmation};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::passage::Passage;
use super::pool::Lease;
use super::verdict::Teller;
use super::{Outgoing, Published};
use crate::connect::{describe, is_not_found};
use crate::link::{Live, closed, lost};
use crate::turn::others_first;

/// How many messages may be on their way unconfirmed. RabbitMQ stops reading a channel that has
/// 400 messages for a queue which that has not looked at yet (credit flow), and that costs.
const WINDOW: usize = 256;
/// How many messages may have their place on a channel, those included that wait until there is
/// room in the window. The broker has twice the work with the same messages on four channels.
pub(super) const PLACES: usize = 1024;
/// How many bytes may be on their way unconfirmed before each further message waits until the
/// library has written it: what it has not written yet it keeps in memory.
const AHEAD: usize = 1024 * 1024;

/// A message to publish.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) outgoing: Outgoing,
    pub(super) teller: Teller,
    pub(super) lease: Lease,
}

pub(super) struct Owner {
    pub(super) live: Arc<Live>,
    /// Cancelled when the transport is closed.
    pub(super) closed: CancellationToken,
    pub(super) channel: Arc<Channel>,
    pub(super) exchange: ShortString,
    /// What is to be published next; kept while the broker takes nothing.
    pub(super) next: Option<Command>,
    pub(super) pending: VecDeque<Pending>,
    /// The bytes of the bodies of what is pending.
    pub(super) pending_bytes: usize,
    /// The ids of messages that came back, until their confirm is read.
    pub(super) returned: HashSet<Uuid>,
    /// Whether the exchange is known to exist; where it could not be declared, one message goes
    /// alone first.
    pub(super) proven: bool,
}

pub(super) struct Pending {
    message_id: Uuid,
    bytes: usize,
    passage: Passage,
    teller: Teller,
    _lease: Lease,
}

/// Why the owner ends.
enum End {
    Finished,
    Lost,
    Closed,
    Channel(lapin::Error),
}

impl Owner {
    /// Publishes until there is nobody left to ask, or the channel or connection is lost.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let end = self.serve(&mut commands).await;
        commands.close();
        self.settle_pending(&end);
        let mut next = self.next.take();
        while let Some(Command { teller, lease, .. }) = next {
            teller.tell(not_sent(&end));
            // A place that is held keeps the commands open.
            drop(lease);
            next = commands.recv().await;
        }
        if matches!(end, End::Closed) {
            // A channel that is closed may overtake what was published on it.
            self.live.lost().await;
        }
    }

    async fn serve(&mut self, commands: &mut mpsc::Receiver<Command>) -> End {
        let live = self.live.clone();
        let closed = self.closed.clone();
        let mut lost = pin!(live.lost());
        let mut closed = pin!(closed.cancelled());
        let mut blocked = live.blocked();
        loop {
            if self.next.is_some() {
                // Whoever else is ready to send does so first, and one burst takes all of them.
                others_first().await;
            }
            let held = *blocked.borrow_and_update();
            if !held && let Err(end) = self.publish_burst(commands).await {
                return end;
            }
            let room = self.next.is_none() && self.pending.len() < self.window();
            tokio::select! {
                biased;
                () = &mut lost => return End::Lost,
                () = &mut closed => return End::Closed,
                settled = self.confirms(), if !self.pending.is_empty() => {
                    if let Err(error) = settled {
                        return End::Channel(error);
                    }
                }
                // The sender lives as long as the connection.
                _ = blocked.changed(), if held || self.next.is_some() => {}
                command = commands.recv(), if room => {
                    // What is pending holds its place, and with it the commands open: nothing is
                    // pending when there is nobody left to ask.
                    if command.is_none() {
                        tokio::select! {
                            biased;
                            () = &mut lost => {}
                            _ = self.channel.close(200, "done".into()) => {}
                        }
                        return End::Finished;
                    }
                    self.next = command;
                }
            }
        }
    }

    fn window(&self) -> usize {
        if self.proven { WINDOW } else { 1 }
    }

    /// Publishes what is next, and what is asked for already with it: a burst costs one round.
    async fn publish_burst(&mut self, commands: &mut mpsc::Receiver<Command>) -> Result<(), End> {
        let mut next = self.next.take();
        while let Some(command) = next {
            // The library keeps what it is given while the broker takes nothing, and sends it
            // later, whoever gave it up meanwhile.
            if self.live.is_blocked() {
                self.next = Some(command);
                break;
            }
            self.publish(command).await?;
            let room = self.pending.len() < self.window();
            next = if room { commands.try_recv().ok() } else { None };
        }
        Ok(())
    }

    /// Hands a message to the library, which sends in order. It is not waited for here: what is
    /// handed over while the library writes goes out together.
    async fn publish(&mut self, command: Command) -> Result<(), End> {
        let Command { outgoing, teller, lease } = command;
        // What was given up meanwhile is not sent.
        if teller.is_given_up() || outgoing.deadline <= Instant::now() {
            return Ok(());
        }
        let bytes = outgoing.body.len();
        let Outgoing { routing_key, mandatory, message_id, properties, body, .. } = outgoing;
        let (channel, exchange) = (self.channel.clone(), self.exchange.clone());
        let mut passage = Passage::new(async move {
            let options = BasicPublishOptions { mandatory, immediate: false };
            channel.basic_publish(exchange, routing_key.into(), options, &body, properties).await
        });
        let handed = if self.pending_bytes + bytes <= AHEAD {
            passage.begin()
        } else {
            tokio::select! {
                biased;
                written = passage.written() => written,
                () = self.live.lost() => {
                    teller.tell(Published::InDoubt(lost()));
                    return Err(End::Lost);
                }
            }
        };
        if let Err(error) = handed {
            teller.tell(Published::NotSent(describe(&error)));
            return Err(End::Channel(error));
        }
        self.pending_bytes += bytes;
        self.pending.push_back(Pending { message_id, bytes, passage, teller, _lease: lease });
        Ok(())
    }

    /// Waits until confirms have come, and tells whoever asked.
    async fn confirms(&mut self) -> Result<(), lapin::Error> {
        let mut settled = Vec::new();
        let read = poll_fn(|cx| self.poll_confirms(cx, &mut settled)).await;
        if read.is_err() {
            self.tell(settled);
            return read;
        }
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
            match first.passage.poll_confirmed(cx) {
                Poll::Pending => break,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(confirmation)) => {
                    let taken = !matches!(confirmation, Confirmation::Nack(_));
                    self.note_return(confirmation);
                    if let Some(pending) = self.pending.pop_front() {
                        self.pending_bytes -= pending.bytes;
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
        self.returned.extend(id.and_then(|id| Uuid::try_parse(id.as_str()).ok()));
    }

    fn tell(&mut self, settled: Vec<(Pending, bool)>) {
        self.proven |= !settled.is_empty();
        for (pending, taken) in settled {
            let published =
                if !self.returned.is_empty() && self.returned.remove(&pending.message_id) {
                    Published::Returned
                } else if taken {
                    Published::Confirmed
                } else {
                    let message = "the broker refused the message (a queue is full, or failed)";
                    Published::Refused(Error::new(ErrorKind::Full, message))
                };
            pending.teller.tell(published);
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
                // It may have been; whoever asked has closed the transport, and is told that.
                End::Closed => Published::NotSent(closed()),
            };
            pending.teller.tell(published);
        }
    }
}

fn not_sent(end: &End) -> Published {
    match end {
        End::Channel(error) if is_not_found(error) => Published::MissingExchange,
        End::Channel(error) => Published::NotSent(describe(error)),
        End::Lost | End::Finished => Published::NotSent(lost()),
        End::Closed => Published::NotSent(closed()),
    }
}

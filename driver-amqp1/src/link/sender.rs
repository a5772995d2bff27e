//! A link by which the messages of one destination leave.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use busway_core::{Error, ErrorKind, Result};
use fe2o3_amqp::Sender;
use fe2o3_amqp::link::SendError;
use fe2o3_amqp::link::delivery::DeliveryFut;
use fe2o3_amqp::types::messaging::Outcome;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::time::Instant;
use tokio_util::sync::WaitForCancellationFuture;

use super::bus::Line;
use super::epoch::Epoch;
use super::outbox::{Item, Outbox, Tell, Verdict, again};
use super::seldom::Seldom;
use super::sessions::Seat;
use super::words;
use crate::connect::Credit;
use crate::wire::Destination;

/// How long an orderly end of a link may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Why the work on a link ended.
enum End {
    /// The connection is gone.
    Lost,
    /// The peer ended the link.
    Detached(Error),
    /// The link has carried as much as one may.
    Worn,
    /// Nobody had anything to send for long enough, or the transport closes.
    Idle,
}

/// Serves an outbox, over all connections, until it is retired.
pub(super) async fn serve(outbox: Arc<Outbox>, line: Arc<Line>) {
    let mut serving = Serving { outbox, line };
    serving.run().await;
    serving.line.forget(&serving.outbox);
}

struct Serving {
    outbox: Arc<Outbox>,
    line: Arc<Line>,
}

impl Serving {
    async fn run(&mut self) {
        loop {
            let Some(epoch) = self.wanted().await else { return };
            let end = tokio::select! {
                biased;
                () = epoch.ending.lost.cancelled() => End::Lost,
                attached = self.attach(&epoch) => match attached {
                    Ok((link, seat)) => self.pump(link, seat, &epoch).await,
                    Err(error) => End::Detached(error),
                },
            };
            match end {
                End::Idle if self.outbox.retire() => return,
                End::Lost | End::Worn | End::Idle => {}
                End::Detached(why) => {
                    tracing::debug!(error = %why, "a link to a destination ended");
                    // What waits hears it, and decides for itself whether to be sent again.
                    if why.kind() != ErrorKind::Connection {
                        self.outbox.refuse(&why);
                    }
                    if matches!(self.outbox.destination, Destination::Address(_)) {
                        self.outbox.refuse(&why);
                        if self.outbox.retire() {
                            return;
                        }
                    }
                    self.rest().await;
                }
            }
        }
    }

    /// A connection, once there is something to send; none when there will be none of either.
    async fn wanted(&self) -> Option<Arc<Epoch>> {
        loop {
            let filled = pin!(self.outbox.filled());
            if !self.outbox.is_empty() {
                let epoch = self.line.up().await;
                if epoch.is_none() {
                    self.outbox.close();
                }
                return epoch;
            }
            tokio::select! {
                () = filled => {}
                () = self.line.closing() => {
                    if self.outbox.retire() {
                        return None;
                    }
                }
                () = tokio::time::sleep(self.line.idle_timeout()) => {
                    if self.outbox.retire() {
                        return None;
                    }
                }
            }
        }
    }

    async fn rest(&self) {
        tokio::select! {
            () = tokio::time::sleep(self.line.link_retry_delay()) => {}
            () = self.line.closed() => {}
        }
    }

    async fn attach(&self, epoch: &Epoch) -> Result<(Sender, Seat)> {
        let address = epoch.addresses.of(&self.outbox.destination);
        epoch.senders.sender(&super::receiver::name("destination"), &address).await
    }

    async fn pump(&self, link: Sender, seat: Seat, epoch: &Epoch) -> End {
        let mut pump = Pump {
            credit: epoch.ending.tap.credit(link.name()),
            address: epoch.addresses.of(&self.outbox.destination),
            link,
            seat,
            outbox: &self.outbox,
            epoch,
            sent: 0,
            under_way: FuturesUnordered::new(),
        };
        let end = pump.run(&self.line).await;
        pump.end(end).await
    }
}

/// The work on one link.
struct Pump<'a> {
    link: Sender,
    seat: Seat,
    credit: Credit,
    address: Arc<str>,
    outbox: &'a Outbox,
    epoch: &'a Epoch,
    /// The deliveries so far, and those that there might have been when the peer had the link
    /// drained: what its credit is counted from.
    sent: u32,
    under_way: FuturesUnordered<UnderWay>,
}

/// Who is told of a message, and what.
type Told = (Tell, Result<Outcome, SendError>);

/// A message of which the peer has not told the outcome.
struct UnderWay {
    tell: Option<Tell>,
    outcome: DeliveryFut<Result<Outcome, SendError>>,
}

impl Future for UnderWay {
    type Output = Told;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Told> {
        let outcome = ready!(Pin::new(&mut self.outcome).poll(context));
        let tell = self.tell.take().expect("it is ready once");
        Poll::Ready((tell, outcome))
    }
}

impl Pump<'_> {
    async fn run(&mut self, line: &Line) -> End {
        let idle = line.idle_timeout();
        let epoch = self.epoch;
        let mut lost = Seldom::new(epoch.ending.lost.cancelled());
        let mut closing = Seldom::new(line.closing());
        let mut alarm = Seldom::new(tokio::time::sleep(idle));
        let mut used = Instant::now();
        loop {
            if self.outbox.is_to_arrive_unasked() && self.is_gone_by_now().await {
                return End::Lost;
            }
            while self.may_send() {
                let room = self.room();
                let Some((number, item)) = self.outbox.take(room) else { break };
                used = Instant::now();
                if let Err(end) = self.send(number, item, &mut lost).await {
                    return end;
                }
            }
            if self.is_worn() {
                return End::Worn;
            }
            let takes_more = self.may_send();
            if !takes_more {
                self.outbox.no_room();
            }
            let quiet = self.under_way.is_empty() && self.outbox.is_empty();
            tokio::select! {
                biased;
                () = &mut lost => return End::Lost,
                error = self.link.on_detach() => return End::Detached(words::of_detach(error)),
                Some(first) = self.under_way.next() => {
                    self.tell(first);
                    used = Instant::now();
                }
                () = self.outbox.filled() => {}
                () = self.credit.changed(), if !takes_more => {}
                () = &mut closing, if quiet => return End::Idle,
                // It is set for the first moment at which the link may be idle, not for the last.
                () = &mut alarm, if quiet => match used + idle {
                    idle_at if idle_at <= Instant::now() => return End::Idle,
                    idle_at => alarm.change(|alarm| alarm.reset(idle_at)),
                },
            }
        }
    }

    /// Whether the connection has ended, after a look at what has come by now. Nobody will tell
    /// what becomes of a message that is sent settled: it is not to go into a connection of which
    /// the end is here already.
    async fn is_gone_by_now(&self) -> bool {
        tokio::task::yield_now().await;
        let gone = self.epoch.ending.tap.gone().now_or_never();
        gone.is_some() || self.epoch.ending.lost.is_cancelled()
    }

    /// Tells an outcome, and those that have come with it.
    fn tell(&mut self, first: Told) {
        let mut next = Some(first);
        while let Some((tell, outcome)) = next {
            tell.tell(verdict(outcome));
            next = self.under_way.next().now_or_never().flatten();
        }
    }

    /// Whether the peer takes another delivery.
    fn may_send(&mut self) -> bool {
        self.room() > 0 && !self.is_worn()
    }

    /// How many deliveries the peer takes.
    ///
    /// When the peer has the link drained, the engine gives all its credit back at once, as if it
    /// had sent so much, and tells the peer; what waits here goes by the next credit. It could not
    /// be told to use the credit first: a peer that gives credit to be drained alone gets nothing.
    fn room(&mut self) -> u32 {
        let limit = self.credit.limit();
        let drained = self.left_until(self.credit.drained());
        self.sent = self.sent.wrapping_add(drained);
        self.left_until(limit)
    }

    /// How many deliveries there are until that number.
    fn left_until(&self, limit: Option<u32>) -> u32 {
        let next = self.epoch.wear.first.wrapping_add(self.sent);
        // Serial numbers: the difference is a small number, of either sign.
        let left = limit.map_or(0, |limit| limit.wrapping_sub(next));
        if left < 1 << 31 { left } else { 0 }
    }

    /// Whether the link, or its session, has carried so much that another is to go on.
    fn is_worn(&self) -> bool {
        self.sent >= self.epoch.wear.most || self.seat.is_worn()
    }

    /// Hands one message over. What could not leave as a whole is put back.
    async fn send(
        &mut self,
        number: u64,
        item: Item,
        lost: &mut Seldom<WaitForCancellationFuture<'_>>,
    ) -> Result<(), End> {
        let epoch = self.epoch;
        if let Tell::Call(id, waiters) = &item.tell {
            waiters.handed(id, epoch.number);
        }
        let settled = item.settled;
        self.seat.carry(item.outgoing.body.as_ref().map_or(0, |body| body.len()));
        let message = item.outgoing.transmission(&self.address, Some(&epoch.reply_to), settled);
        let sent = tokio::select! {
            biased;
            sent = self.link.send_batchable(message) => sent.map_err(Some),
            // It waits for the engine: the last of its frames has not left.
            () = lost => Err(None),
        };
        match sent {
            Ok(_) if settled => {
                self.sent = self.sent.wrapping_add(1);
                item.tell.tell(Verdict::Accepted);
                Ok(())
            }
            Ok(outcome) => {
                self.sent = self.sent.wrapping_add(1);
                self.under_way.push(UnderWay { tell: Some(item.tell), outcome });
                Ok(())
            }
            Err(Some(
                error @ (SendError::MessageSizeExceeded(_) | SendError::MessageEncodeError),
            )) => {
                item.tell.tell(Verdict::Refused(words::of_send(error)));
                Ok(())
            }
            Err(why) => {
                if let Tell::Call(id, waiters) = &item.tell {
                    waiters.taken_back(id);
                }
                self.outbox.put_back(number, item);
                Err(why.map_or(End::Lost, |error| End::Detached(words::of_send(error))))
            }
        }
    }

    /// Gives the link up, and tells those who wait for outcomes that will never come.
    async fn end(self, end: End) -> End {
        let Self { link, seat: _seat, epoch, outbox, mut under_way, .. } = self;
        outbox.no_room();
        let why = match &end {
            End::Lost => epoch.ending.why(),
            End::Detached(why) => again(why),
            End::Worn | End::Idle => {
                let closing = async {
                    while let Some((tell, outcome)) = under_way.next().await {
                        tell.tell(verdict(outcome));
                    }
                    // What was sent settled has arrived when the peer answers.
                    let _ = tokio::time::timeout(CLOSE_TIMEOUT, link.close()).await;
                };
                tokio::select! {
                    biased;
                    () = closing => words::lost(),
                    () = epoch.ending.lost.cancelled() => epoch.ending.why(),
                }
            }
        };
        for waiting in under_way {
            if let Some(tell) = waiting.tell {
                tell.tell(Verdict::InDoubt(again(&why)));
            }
        }
        end
    }
}

fn verdict(outcome: Result<Outcome, SendError>) -> Verdict {
    match outcome {
        Ok(outcome) => words::of_outcome(outcome),
        Err(error) => Verdict::InDoubt(words::of_send(error)),
    }
}

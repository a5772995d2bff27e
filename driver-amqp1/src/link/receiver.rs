//! A link on which messages are received: its credit, its messages, and what becomes of them.

use std::sync::Arc;
use std::time::Duration;

use busway_core::{Error, ErrorKind, Result};
use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::RecvError;
use fe2o3_amqp::link::delivery::{Delivery, DeliveryInfo};
use fe2o3_amqp::types::messaging::{Body, Source};
use futures_util::FutureExt;
use serde_amqp::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bus::Line;
use super::epoch::{Ending, Epoch};
use super::seldom::Seldom;
use super::sessions::Seat;
use super::settles::{Settle, Settles, Settling, Told, settles};
use super::subscription::Message;
use super::words;
use crate::connect::Credit;
use crate::wire::{Arrived, Destination};

/// How long an orderly end of a link may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long nothing may come after the peer has said that nothing more will.
const SILENCE: Duration = Duration::from_millis(20);
/// How many messages are taken before those that wait to be settled have their turn.
const BURST: usize = 100;
/// How many messages of a burst are handed over together.
const TOGETHER: usize = 32;

/// What is received, and where it goes.
pub(super) struct Receiving {
    /// How many messages the peer may send ahead.
    pub(super) credit: u32,
    pub(super) out: Out,
}

pub(super) enum Out {
    /// To somebody who settles it later.
    Queue(mpsc::UnboundedSender<Vec<Message>>),
    /// To a function that is done with it when it returns; whether it was wanted.
    Function(Take),
}

pub(super) type Take = Arc<dyn Fn(Arrived) -> bool + Send + Sync>;

/// Why the work on a link ended.
pub(super) enum End {
    /// The connection is gone.
    Lost,
    Stopped,
    /// The peer ended the link.
    Detached(Error),
}

/// A name that no other link has, of either direction: the engine knows links by their names alone.
pub(super) fn name(what: &str) -> String {
    format!("busway/{what}/{}", uuid::Uuid::new_v4().simple())
}

/// One address of a subscription, over all connections.
pub(super) struct Part {
    pub(super) address: Destination,
    pub(super) receiving: Receiving,
    pub(super) stop: CancellationToken,
    pub(super) line: Arc<Line>,
}

impl Part {
    /// Attaches, tells how that went the first time, and works until it is stopped.
    pub(super) async fn run(self, ready: oneshot::Sender<Result<()>>) {
        let mut ready = Some(ready);
        loop {
            let up = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                up = self.line.up() => up,
            };
            let Some(epoch) = up else { return };
            let attached = tokio::select! {
                biased;
                () = epoch.ending.lost.cancelled() => continue,
                () = self.stop.cancelled() => return,
                attached = self.attach(&epoch) => attached,
            };
            let why = match attached {
                Ok((link, _seat)) => {
                    if let Some(waiting) = ready.take() {
                        // Whoever waited may be gone; then all is stopped in a moment.
                        let _ = waiting.send(Ok(()));
                    }
                    match self.pump(link, &epoch.ending).await {
                        End::Stopped => return,
                        End::Lost => continue,
                        End::Detached(why) => why,
                    }
                }
                Err(error) if error.kind() == ErrorKind::Connection => error,
                Err(error) => match ready.take() {
                    Some(waiting) => return drop(waiting.send(Err(error))),
                    None => error,
                },
            };
            tracing::warn!(error = %why, "a link of a subscription ended; it is attached again");
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(self.line.link_retry_delay()) => {}
            }
        }
    }

    async fn attach(&self, epoch: &Epoch) -> Result<(Receiver, Seat)> {
        let address = epoch.addresses.of(&self.address);
        let source = Source::builder().address(&*address).build();
        epoch.receivers.receiver(&name("subscription"), source).await
    }

    async fn pump(&self, link: Receiver, ending: &Ending) -> End {
        let pump = Pump::new(link, &self.receiving, ending);
        pump.run(&self.stop).await
    }
}

/// Hands over what comes on a link until the connection is lost or the peer ends the link.
pub(super) async fn pump(link: Receiver, receiving: &Receiving, ending: &Ending) -> End {
    Pump::new(link, receiving, ending).run(&CancellationToken::new()).await
}

/// The work on one link.
struct Pump<'a> {
    link: Receiver,
    credit: Credit,
    receiving: &'a Receiving,
    ending: &'a Ending,
    /// What is told of messages by those who have them.
    settles: Settles,
    told: Told,
    /// What was taken and not handed over yet.
    burst: Vec<Message>,
    /// What the peer is to be told of next.
    settling: Settling,
    /// How many messages were taken and are not settled.
    outstanding: u32,
}

type Received = Result<Delivery<Body<Value>>, RecvError>;

impl<'a> Pump<'a> {
    fn new(link: Receiver, receiving: &'a Receiving, ending: &'a Ending) -> Self {
        let (settles, told) = settles(receiving.credit.div_ceil(2));
        let credit = ending.tap.credit(link.name());
        let (burst, settling) = Default::default();
        Self { link, credit, receiving, ending, settles, told, burst, settling, outstanding: 0 }
    }

    async fn run(mut self, stop: &CancellationToken) -> End {
        let ending = self.ending;
        let working = async {
            if self.link.set_credit(self.receiving.credit).await.is_err() {
                return Err(words::lost());
            }
            self.work(stop).await
        };
        let worked = tokio::select! {
            biased;
            () = Seldom::new(ending.lost.cancelled()) => return End::Lost,
            worked = working => worked,
        };
        if let Err(why) = worked {
            return End::Detached(why);
        }
        tokio::select! {
            biased;
            () = ending.lost.cancelled() => {}
            () = self.finish() => {}
        }
        End::Stopped
    }

    /// Hands over what comes, settles what is settled, until stopped, or until the peer ends the
    /// link, with what it says.
    async fn work(&mut self, stop: &CancellationToken) -> Result<()> {
        let mut stopped = Seldom::new(stop.cancelled());
        loop {
            tokio::select! {
                biased;
                () = &mut stopped => return Ok(()),
                () = self.told.any() => self.settle().await?,
                received = self.link.recv() => self.receive(received).await?,
            }
        }
    }

    /// Takes a message, and those that came with it.
    async fn receive(&mut self, first: Received) -> Result<()> {
        let taken = self.take_all(first);
        self.hand_over();
        taken?;
        self.settle().await
    }

    fn take_all(&mut self, first: Received) -> Result<()> {
        let mut next = Some(first);
        let mut burst = 0;
        while let Some(received) = next {
            match received {
                Ok(delivery) => self.take(delivery),
                Err(RecvError::MessageDecode(undecoded)) => {
                    self.outstanding += 1;
                    unreadable(&undecoded.source.to_string());
                    self.becomes(Some(undecoded.info), Settle::Reject);
                }
                Err(error) => return Err(of_recv(&error)),
            }
            burst += 1;
            next = if burst < BURST { self.link.recv().now_or_never() } else { None };
        }
        Ok(())
    }

    fn take(&mut self, delivery: Delivery<Body<Value>>) {
        self.outstanding += 1;
        let settled = self.credit.was_settled(*delivery.delivery_id());
        let (info, message) = delivery.into_parts();
        let info = (!settled).then_some(info);
        let arrived = match Arrived::read(message, Instant::now()) {
            Ok(arrived) => arrived,
            Err(error) => {
                unreadable(error.message());
                return self.becomes(info, Settle::Reject);
            }
        };
        match &self.receiving.out {
            Out::Function(take) => {
                let wanted = take(arrived);
                self.becomes(info, if wanted { Settle::Accept } else { Settle::Unwanted });
            }
            Out::Queue(_) => {
                self.burst.push(Message::new(arrived, info, self.settles.clone()));
                if self.burst.len() == TOGETHER {
                    self.hand_over();
                }
            }
        }
    }

    /// Hands over what was taken, to wake whoever waits for it once.
    fn hand_over(&mut self) {
        if let Out::Queue(queue) = &self.receiving.out
            && !self.burst.is_empty()
        {
            // The next burst may well be as long.
            let next = Vec::with_capacity(self.burst.len());
            self.told.expect(self.burst.len());
            // Without a receiver they are dropped, and go back.
            let _ = queue.send(std::mem::replace(&mut self.burst, next));
        }
    }

    fn becomes(&mut self, info: Option<DeliveryInfo>, how: Settle) {
        self.settling.add((info, how));
    }

    /// Tells the peer what became of messages, all that there is to tell at once; and lets it send
    /// as many more, once it is half of what it may send ahead.
    async fn settle(&mut self) -> Result<()> {
        if !self.tell().await? {
            return Ok(());
        }
        let credit = self.receiving.credit;
        let may = credit.saturating_sub(self.outstanding);
        if may.saturating_sub(self.link.credit()) >= credit.div_ceil(2) {
            let set = self.link.set_credit(may).await;
            set.map_err(|error| Error::new(ErrorKind::Connection, error.to_string()))?;
        }
        Ok(())
    }

    /// Tells the peer what became of messages; whether there was anything to tell.
    async fn tell(&mut self) -> Result<bool> {
        let mut settling = std::mem::take(&mut self.settling);
        while let Some(next) = self.told.next() {
            settling.add(next);
        }
        self.outstanding = self.outstanding.saturating_sub(settling.count);
        let any = settling.count > 0;
        settling.tell(&self.link).await?;
        Ok(any)
    }

    /// Takes nothing more: what comes yet goes back, or is handed over if it cannot; waits until
    /// all that was handed over is settled, and closes the link.
    async fn finish(mut self) {
        if self.drain().await.is_err() {
            return;
        }
        let Self { link, settles, mut told, .. } = self;
        drop(settles);
        while let Some(first) = told.last().await {
            let mut settling = Settling::default();
            settling.add(first);
            while let Some(next) = told.next() {
                settling.add(next);
            }
            if settling.tell(&link).await.is_err() {
                return;
            }
        }
        // Dropping a link on which something may still come would end the session.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, link.close()).await;
    }

    /// Takes back the credit, and sees off what was sent before the peer heard of it.
    ///
    /// No credit is given after it: the engine has the peer's delivery count from a flow at once,
    /// counts what waits to be received on top of it, and would give too much.
    async fn drain(&mut self) -> Result<()> {
        let flow = self.ending.tap.credit(self.link.name());
        let drained = self.link.drain().await;
        drained.map_err(|error| Error::new(ErrorKind::Connection, error.to_string()))?;
        let mut patience = CLOSE_TIMEOUT;
        loop {
            tokio::select! {
                biased;
                Some(first) = self.told.last() => self.settling.add(first),
                received = self.link.recv() => match received {
                    Ok(delivery) => self.give_back(delivery),
                    Err(RecvError::MessageDecode(_)) => {}
                    Err(error) => return Err(of_recv(&error)),
                },
                () = flow.changed(), if patience > SILENCE => patience = SILENCE,
                () = tokio::time::sleep(patience) => return Ok(()),
            }
            self.tell().await?;
        }
    }

    fn give_back(&mut self, delivery: Delivery<Body<Value>>) {
        if self.credit.was_settled(*delivery.delivery_id()) {
            let arrived = Arrived::read(delivery.into_message(), Instant::now());
            if let (Ok(arrived), Out::Queue(queue)) = (arrived, &self.receiving.out) {
                let _ = queue.send(vec![Message::new(arrived, None, self.settles.clone())]);
            }
        } else {
            self.becomes(Some(DeliveryInfo::from(&delivery)), Settle::Release);
        }
    }
}

fn unreadable(why: &str) {
    tracing::warn!(why, "a message that cannot be understood is rejected");
    busway_core::metrics::dropped(crate::SYSTEM, "unreadable");
}

fn of_recv(error: &RecvError) -> Error {
    match error {
        RecvError::LinkStateError(state) => words::of_link_state(state),
        other => Error::new(ErrorKind::Connection, format!("the link failed: {other}")),
    }
}

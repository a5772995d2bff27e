use std::sync::Arc;

use async_trait::async_trait;
use busway_core::driver::{Delivery, Outcome};
use busway_core::{Error, ErrorKind, RemoteError, Result};
use tokio::time::Instant;

use crate::bus::Ticket;
use crate::connection::{Connection, Gate, Slot, closed};
use crate::subscription::{Leave, Subscription};

/// The means to settle one message.
#[derive(Debug)]
pub(crate) struct FakeDelivery<B: Leave> {
    /// Kept as long as something of it is in somebody's hands, to be told when that is lost.
    subscription: Arc<Subscription<B>>,
    /// Gives the message back when it is dropped; none when nobody waits for an acknowledgement,
    /// or when it was given.
    ticket: Option<Ticket<B>>,
    acknowledged: bool,
    slot: Option<Arc<Slot>>,
    deadline: Option<Instant>,
}

impl<B: Leave> FakeDelivery<B> {
    pub(crate) fn new(
        subscription: Arc<Subscription<B>>,
        ticket: Option<Ticket<B>>,
        slot: Option<Arc<Slot>>,
        deadline: Option<Instant>,
    ) -> Self {
        let acknowledged = ticket.is_some();
        Self { subscription, ticket, acknowledged, slot, deadline }
    }

    fn connection(&self) -> &Connection {
        self.subscription.connection()
    }

    /// Waits until the bus can be reached, as long as somebody waits for the reply.
    async fn reach_bus(&self) -> Result<()> {
        let open = self.connection().link.until(|gate| !matches!(gate, Gate::Down | Gate::Blocked));
        match self.deadline {
            None => open.await,
            Some(deadline) => tokio::time::timeout_at(deadline, open).await.map_err(|_| {
                let message = "the bus could not be reached before the reply expired";
                Error::new(ErrorKind::Timeout, message).attempted("reply")
            })?,
        }
        if self.connection().link.is_closed() {
            return Err(closed().attempted("reply"));
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        if self.ticket.take().is_none_or(Ticket::settle) {
            return Ok(());
        }
        let message = "the connection was lost meanwhile: the bus delivers it again";
        Err(Error::new(ErrorKind::Connection, message).attempted("acknowledge"))
    }

    /// Puts the reply where its caller waits.
    fn answer(&self, outcome: Outcome) -> Result<()> {
        let Some(slot) = &self.slot else { return Ok(()) };
        let (outcome, result) = match outcome.map(|payload| self.connection().carry(payload)) {
            Ok(Ok(payload)) => (Ok(payload), Ok(())),
            Err(failure) => (Err(failure), Ok(())),
            Ok(Err(error)) => {
                let class = format!("{:?}", error.kind());
                let failure = RemoteError::new(class, "busway", error.message());
                (Err(failure), Err(error.attempted("reply")))
            }
        };
        let expired = self.deadline.is_some_and(|deadline| deadline <= Instant::now());
        if expired || !slot.answer(outcome) {
            self.connection().core().counts.late_replies.up();
        }
        result
    }
}

#[async_trait]
impl<B: Leave> Delivery for FakeDelivery<B> {
    fn needs_acknowledgement(&self) -> bool {
        self.acknowledged
    }

    fn expects_reply(&self) -> bool {
        self.slot.is_some()
    }

    async fn acknowledge(&mut self) -> Result<()> {
        self.settle()
    }

    fn try_acknowledge(&mut self) -> Option<Result<()>> {
        Some(self.settle())
    }

    async fn requeue(mut self: Box<Self>) -> Result<()> {
        if !self.acknowledged {
            let message = "a message without acknowledgement cannot be given back";
            return Err(Error::unsupported(message).attempted("requeue"));
        }
        let Some(ticket) = self.ticket.take() else {
            let message = "an acknowledged message cannot be given back";
            return Err(Error::new(ErrorKind::InvalidArgument, message).attempted("requeue"));
        };
        // Dropping the ticket gives the message back; the bus may have it already.
        drop(ticket);
        Ok(())
    }

    async fn reply(mut self: Box<Self>, outcome: Outcome) -> Result<()> {
        match self.try_reply(outcome) {
            Ok(done) => done,
            Err(outcome) => {
                self.reach_bus().await?;
                self.answer(outcome)
            }
        }
    }

    fn try_reply(&mut self, outcome: Outcome) -> Result<Result<()>, Outcome> {
        if self.slot.is_some() && !matches!(self.connection().link.gate(), Gate::Open(_)) {
            return Err(outcome);
        }
        Ok(self.answer(outcome))
    }

    async fn heartbeat(&mut self) -> Result<()> {
        if !self.connection().link.is_up() {
            let message = "the bus cannot be reached";
            return Err(Error::new(ErrorKind::Connection, message).attempted("heartbeat"));
        }
        if let Some(slot) = &self.slot {
            slot.beat();
        }
        Ok(())
    }
}

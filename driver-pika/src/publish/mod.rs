//! Publishing: confirmed, mandatory where asked, each outcome told to the one who asked.

mod owner;
mod passage;
mod pool;
mod verdict;

use busway_core::{Error, Result};
use bytes::Bytes;
use lapin::BasicProperties;
use tokio::time::Instant;
use uuid::Uuid;

pub(crate) use pool::Publishers;
pub(crate) use verdict::Verdict;

/// A message on its way to its channel's owner.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) routing_key: String,
    pub(crate) mandatory: bool,
    pub(crate) message_id: Uuid,
    pub(crate) properties: BasicProperties,
    pub(crate) body: Bytes,
    pub(crate) deadline: Instant,
}

/// What became of a message.
#[derive(Debug)]
pub(crate) enum Published {
    /// The broker has it.
    Confirmed,
    /// Nobody was there to take it.
    Returned,
    /// The exchange does not exist, and the message went nowhere.
    MissingExchange,
    /// It was not handed to the broker.
    NotSent(Error),
    /// It was handed over, and its outcome is not known.
    InDoubt(Error),
    /// The broker refused it.
    Refused(Error),
}

impl Publishers {
    /// Publishes to an exchange and waits for the outcome, until the deadline.
    ///
    /// Cancel safe: a message that was not handed over yet is not sent after the future is gone.
    pub(crate) async fn publish(
        &self,
        exchange: &str,
        deadline: Instant,
        outgoing: impl FnOnce() -> Outgoing,
    ) -> Result<Published> {
        let mut verdict = match self.hand_over(exchange, deadline, outgoing).await {
            Ok(verdict) => verdict,
            Err(failed) => return Ok(failed),
        };
        let told = tokio::time::timeout_at(deadline, verdict.told()).await;
        told.map_err(|_| self.late("the broker did not confirm the message in time"))
    }

    /// Makes a message and hands it to the owner of a channel, as soon as one has room for it.
    ///
    /// Cancel safe, as [`publish`](Self::publish) is.
    pub(crate) async fn hand_over(
        &self,
        exchange: &str,
        deadline: Instant,
        outgoing: impl FnOnce() -> Outgoing,
    ) -> Result<Verdict, Published> {
        let lease = self.acquire(exchange, deadline).await.map_err(Published::NotSent)?;
        Ok(lease.hand_over(outgoing()))
    }
}

//! Publishing: confirmed, mandatory where asked, each outcome told to the one who asked.

mod owner;
mod pool;
mod verdict;

use busway_core::{Error, Result};
use bytes::Bytes;
use lapin::BasicProperties;
use tokio::time::Instant;

pub(crate) use pool::Publishers;
pub(crate) use verdict::Verdict;

/// A message on its way to its channel's owner.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) routing_key: String,
    pub(crate) mandatory: bool,
    pub(crate) message_id: String,
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
    pub(crate) async fn publish(&self, exchange: &str, outgoing: Outgoing) -> Result<Published> {
        let deadline = outgoing.deadline;
        let publishing = async {
            match self.hand_over(exchange, outgoing).await {
                Ok(mut verdict) => verdict.told().await,
                Err(failed) => failed,
            }
        };
        tokio::time::timeout_at(deadline, publishing).await.map_err(|_| {
            let message = "the broker did not confirm the message in time";
            Error::new(busway_core::ErrorKind::Timeout, message)
        })
    }

    /// Hands a message to the owner of a channel, as soon as one has room for it.
    ///
    /// Cancel safe, as [`publish`](Self::publish) is.
    pub(crate) async fn hand_over(
        &self,
        exchange: &str,
        outgoing: Outgoing,
    ) -> Result<Verdict, Published> {
        let lease = self.acquire(exchange, outgoing.deadline).await.map_err(Published::NotSent)?;
        Ok(lease.hand_over(outgoing).await)
    }
}

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use busway_core::driver::{Delivery, Outcome};
use busway_core::{Payload, RemoteError, Result};
use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;

use super::Sin;

/// The outcome that the next caller gets.
pub(super) type Mixed = Arc<Mutex<Option<Outcome>>>;

/// The means to settle a message, as a sin leaves them.
#[derive(Debug)]
pub(super) struct BrokenDelivery {
    /// There until it is settled.
    inner: Option<Box<dyn Delivery>>,
    sin: Sin,
    mixed: Mixed,
    /// While it is there, nothing else is handed over.
    _turn: Option<OwnedSemaphorePermit>,
}

impl BrokenDelivery {
    pub(super) fn new(
        inner: Box<dyn Delivery>,
        sin: Sin,
        mixed: Mixed,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self { inner: Some(inner), sin, mixed, _turn: turn }
    }

    fn take(&mut self) -> Box<dyn Delivery> {
        self.inner.take().expect("a delivery is settled once")
    }

    fn outcome(&self, outcome: Outcome) -> Outcome {
        match (self.sin, outcome) {
            (Sin::MixesReplies, outcome) => {
                self.mixed.lock().replace(outcome).unwrap_or_else(|| Ok(Payload::null()))
            }
            (Sin::HidesFailures, Err(_)) => Ok(Payload::null()),
            (Sin::ShortensFailures, Err(failure)) => {
                Err(RemoteError::new(failure.class, "", failure.message))
            }
            (sin, Ok(payload)) => {
                sin.body(payload).map_err(|error| RemoteError::bad_request(error.message()))
            }
            (_, failure) => failure,
        }
    }
}

#[async_trait]
impl Delivery for BrokenDelivery {
    fn needs_acknowledgement(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.needs_acknowledgement())
    }

    fn expects_reply(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.expects_reply())
    }

    async fn acknowledge(&mut self) -> Result<()> {
        match &mut self.inner {
            // A call that is not acknowledged would come again with each reply, for ever.
            Some(inner) if self.sin == Sin::ForgetsAcknowledgements && !inner.expects_reply() => {
                Ok(())
            }
            Some(inner) => inner.acknowledge().await,
            None => Ok(()),
        }
    }

    async fn requeue(mut self: Box<Self>) -> Result<()> {
        let mut inner = self.take();
        match self.sin {
            Sin::LosesRequeued => inner.acknowledge().await,
            Sin::RequeuesLate => {
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_hours(1)).await;
                    inner.requeue().await
                });
                Ok(())
            }
            _ => inner.requeue().await,
        }
    }

    async fn reply(mut self: Box<Self>, outcome: Outcome) -> Result<()> {
        let inner = self.take();
        if self.sin == Sin::LosesReplies {
            return Ok(());
        }
        inner.reply(self.outcome(outcome)).await
    }

    async fn heartbeat(&mut self) -> Result<()> {
        match &mut self.inner {
            Some(inner) if self.sin != Sin::SendsNoHeartbeats => inner.heartbeat().await,
            _ => Ok(()),
        }
    }
}

impl Drop for BrokenDelivery {
    fn drop(&mut self) {
        if self.sin == Sin::ForgetsAcknowledgements
            && let Some(inner) = self.inner.take()
        {
            // It stays unsettled for ever.
            std::mem::forget(inner);
        }
    }
}

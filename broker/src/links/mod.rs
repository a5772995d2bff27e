//! The links of a session: what an attach asks for, and the two ends the broker plays.
//!
//! A link on which the broker receives is a [`producer`]'s, one on which it sends a
//! [`consumer`]'s. Each runs in one task that owns its end of the link until it is closed.

mod attach;
mod consumer;
mod producer;

use std::time::Duration;

use fe2o3_amqp::types::definitions::Error;
use tokio_util::sync::CancellationToken;

use crate::nodes::Refusal;
pub(crate) use attach::Attaching;

/// How long a peer may take to answer when the broker closes a link.
const CLOSE: Duration = Duration::from_secs(5);

/// What ends a link from the broker's side.
#[derive(Debug, Clone)]
pub(crate) struct Ends {
    /// The broker stops.
    pub(crate) stop: CancellationToken,
    /// The peer attached another link of this name.
    pub(crate) stolen: CancellationToken,
}

impl Ends {
    /// Why the link is to end, once it is.
    async fn why(&self) -> Refusal {
        tokio::select! {
            () = self.stop.cancelled() => Refusal::stopping(),
            () = self.stolen.cancelled() => Refusal::stolen(),
        }
    }
}

/// Waits for the end of a close, but not for ever: a peer that does not answer loses the link when
/// its connection ends.
async fn close<E>(closing: impl Future<Output = Result<(), E>>) {
    let _ = tokio::time::timeout(CLOSE, closing).await;
}

/// The error with which a link is closed.
fn error(refusal: Refusal) -> Error {
    tracing::debug!(?refusal, "a link is closed");
    refusal.into()
}

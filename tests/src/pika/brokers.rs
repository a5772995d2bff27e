use std::fmt;
use std::sync::Arc;

use busway_core::{Error, ErrorKind, Result};
use busway_testkit::brokers::RabbitMq;
use tokio::sync::{Mutex, OnceCell, OwnedMutexGuard};

/// The brokers of one run: one for all cases, and one that a case has to itself while it does
/// something to the whole broker. Each is started when it is wanted first.
#[derive(Debug, Default)]
pub(super) struct Brokers {
    shared: Started,
    alone: Started,
    turn: Arc<Mutex<()>>,
}

/// A broker that was started, or why it could not be: it is not tried again.
type Started = OnceCell<Result<Arc<RabbitMq>, String>>;

/// A broker for the time of a case.
pub(super) struct Lent {
    pub(super) broker: Arc<RabbitMq>,
    /// Whether the case has the broker to itself, and may do with it what it wants.
    pub(super) turn: Option<OwnedMutexGuard<()>>,
}

impl Brokers {
    pub(super) async fn shared(&self) -> Result<Lent> {
        Ok(Lent { broker: started(&self.shared).await?, turn: None })
    }

    /// The broker that only one case has at a time: waits for its turn.
    pub(super) async fn alone(&self) -> Result<Lent> {
        let turn = self.turn.clone().lock_owned().await;
        Ok(Lent { broker: started(&self.alone).await?, turn: Some(turn) })
    }
}

async fn started(cell: &Started) -> Result<Arc<RabbitMq>> {
    let start = || async {
        match blocking(RabbitMq::start).await {
            Ok(broker) => Ok(Arc::new(broker)),
            Err(error) => Err(error.to_string()),
        }
    };
    let started = cell.get_or_init(start).await;
    started.clone().map_err(|why| Error::new(ErrorKind::Connection, why))
}

/// Runs what blocks where it may block.
pub(super) async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(run).await.unwrap_or_else(|error| {
        Err(Error::new(ErrorKind::Internal, "what blocks ended abnormally").because(error))
    })
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent")
            .field("address", &self.broker.address())
            .field("alone", &self.turn.is_some())
            .finish_non_exhaustive()
    }
}

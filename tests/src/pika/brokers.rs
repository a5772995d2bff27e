use std::fmt;
use std::sync::Arc;

use busway_core::{Error, ErrorKind, Result};
use tokio::sync::{Mutex, OnceCell, OwnedMutexGuard};

use super::bus::Bus;

/// The buses of one run: one for all cases, and one that a case has to itself while it does
/// something to the whole of it. Each is started when it is wanted first.
#[derive(Debug)]
pub(super) struct Brokers {
    start: fn() -> Result<Bus>,
    shared: Started,
    alone: Started,
    turn: Arc<Mutex<()>>,
}

/// A bus that was started, or why it could not be: it is not tried again.
type Started = OnceCell<Result<Arc<Bus>, String>>;

/// A bus for the time of a case.
pub(super) struct Lent {
    pub(super) bus: Arc<Bus>,
    /// Whether the case has the bus to itself, and may do with it what it wants.
    pub(super) turn: Option<OwnedMutexGuard<()>>,
}

impl Brokers {
    pub(super) fn new(start: fn() -> Result<Bus>) -> Arc<Self> {
        let (shared, alone) = (Started::default(), Started::default());
        Arc::new(Self { start, shared, alone, turn: Arc::default() })
    }

    pub(super) async fn shared(&self) -> Result<Lent> {
        Ok(Lent { bus: self.started(&self.shared).await?, turn: None })
    }

    /// The bus that only one case has at a time: waits for its turn.
    pub(super) async fn alone(&self) -> Result<Lent> {
        let turn = self.turn.clone().lock_owned().await;
        Ok(Lent { bus: self.started(&self.alone).await?, turn: Some(turn) })
    }

    async fn started(&self, cell: &Started) -> Result<Arc<Bus>> {
        let start = || async {
            match blocking(self.start).await {
                Ok(bus) => Ok(Arc::new(bus)),
                Err(error) => Err(error.to_string()),
            }
        };
        let started = cell.get_or_init(start).await;
        started.clone().map_err(|why| Error::new(ErrorKind::Connection, why))
    }
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
            .field("addresses", &self.bus.addresses())
            .field("alone", &self.turn.is_some())
            .finish_non_exhaustive()
    }
}

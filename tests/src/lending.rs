//! The buses of one run, lent to its cases.

use std::fmt;
use std::sync::Arc;

use busway_core::{Error, ErrorKind, Result};
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, OnceCell, OwnedMutexGuard};

/// The buses of one run: one for all cases, and one that a case has to itself while it does
/// something to the whole of it. Each is started when it is wanted first.
#[derive(Debug)]
pub(crate) struct Brokers<B> {
    start: fn() -> BoxFuture<'static, Result<B>>,
    shared: Started<B>,
    alone: Started<B>,
    turn: Arc<Mutex<()>>,
}

/// A bus that was started, or why it could not be: it is not tried again.
type Started<B> = OnceCell<Result<Arc<B>, String>>;

/// A bus for the time of a case.
pub(crate) struct Lent<B> {
    pub(crate) bus: Arc<B>,
    /// Whether the case has the bus to itself, and may do with it what it wants.
    pub(crate) turn: Option<OwnedMutexGuard<()>>,
}

impl<B> Brokers<B> {
    pub(crate) fn new(start: fn() -> BoxFuture<'static, Result<B>>) -> Arc<Self> {
        let (shared, alone) = (OnceCell::new(), OnceCell::new());
        Arc::new(Self { start, shared, alone, turn: Arc::default() })
    }

    pub(crate) async fn shared(&self) -> Result<Lent<B>> {
        Ok(Lent { bus: self.started(&self.shared).await?, turn: None })
    }

    /// The bus that only one case has at a time: waits for its turn.
    pub(crate) async fn alone(&self) -> Result<Lent<B>> {
        let turn = self.turn.clone().lock_owned().await;
        Ok(Lent { bus: self.started(&self.alone).await?, turn: Some(turn) })
    }

    async fn started(&self, cell: &Started<B>) -> Result<Arc<B>> {
        let start = || async {
            match (self.start)().await {
                Ok(bus) => Ok(Arc::new(bus)),
                Err(error) => Err(error.to_string()),
            }
        };
        let started = cell.get_or_init(start).await;
        started.clone().map_err(|why| Error::new(ErrorKind::Connection, why))
    }
}

/// Runs what blocks where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(run).await.unwrap_or_else(|error| {
        Err(Error::new(ErrorKind::Internal, "what blocks ended abnormally").because(error))
    })
}

impl<B> Lent<B> {
    /// What is done to the whole of a bus is done only where nobody else uses it.
    pub(crate) fn require_alone(&self) -> Result<()> {
        if self.turn.is_some() {
            return Ok(());
        }
        Err(Error::unsupported("other cases use this broker at the same time"))
    }
}

impl<B: fmt::Debug> fmt::Debug for Lent<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent")
            .field("bus", &self.bus)
            .field("alone", &self.turn.is_some())
            .finish_non_exhaustive()
    }
}

use std::cell::Cell;
use std::sync::Arc;

use tokio::runtime::{Builder, Handle};

use crate::{Error, ErrorKind, Result};

/// How many threads do the work of the bus.
const WORKERS: usize = 2;

thread_local! {
    /// Whether this thread runs a synchronous handler, which may wait though it belongs to a
    /// runtime.
    static SYNCHRONOUS: Cell<bool> = const { Cell::new(false) };
}

/// The runtime of a transport and all that was made with it.
#[derive(Clone, Debug)]
pub(super) struct Runtime {
    handle: Handle,
    /// Ends the threads with the last handle.
    _owner: Arc<Owner>,
}

#[derive(Debug)]
struct Owner(Option<tokio::runtime::Runtime>);

impl Drop for Owner {
    fn drop(&mut self) {
        // To wait for the threads here would panic where nobody may wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Runtime {
    pub(super) fn start() -> Result<Self> {
        check_that_waiting_is_fine()?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("busway-blocking")
            .enable_all()
            .build()
            .map_err(|error| {
                let message = "the threads of the runtime could not be started";
                Error::new(ErrorKind::Internal, message).because(error)
            })?;
        Ok(Self { handle: runtime.handle().clone(), _owner: Arc::new(Owner(Some(runtime))) })
    }

    /// Waits for a future.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        check_that_waiting_is_fine()?;
        self.handle.block_on(future)
    }
}

fn check_that_waiting_is_fine() -> Result<()> {
    if SYNCHRONOUS.get() || Handle::try_current().is_err() {
        return Ok(());
    }
    Err(Error::unsupported(
        "busway::blocking was called within an async runtime, whose thread would stand still: \
         use the async API there, or a thread of its own",
    ))
}

/// Runs a synchronous handler on a thread that may wait.
pub(super) fn synchronously<T>(handler: impl FnOnce() -> T) -> T {
    struct Reset(bool);

    impl Drop for Reset {
        fn drop(&mut self) {
            SYNCHRONOUS.set(self.0);
        }
    }

    let _reset = Reset(SYNCHRONOUS.replace(true));
    handler()
}

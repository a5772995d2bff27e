//! SIGTERM and SIGINT: the first one stops gracefully, the second one at once.

use std::io;

use crate::exit::Exit;
use crate::output::note;
use crate::problem::{Outcome, Problem};

/// Both signals, from now on.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Takes both signals over from the system.
    pub(crate) fn take() -> Outcome<Self> {
        Self::register().map_err(|error| {
            Problem::new(Exit::Failure, format!("signals cannot be taken: {error}"))
        })
    }

    #[cfg(unix)]
    fn register() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(not(unix))]
    fn register() -> io::Result<Self> {
        Ok(Self {})
    }

    /// The name of the next signal. Cancel safe.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }

    /// The name of the next signal. Cancel safe.
    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }

    /// Runs a graceful stop, which another signal cuts off.
    pub(crate) async fn or_at_once<T>(&mut self, stopping: impl Future<Output = T>) -> Outcome<T> {
        tokio::select! {
            stopped = stopping => Ok(stopped),
            signal = self.next() => {
                note(format_args!("{signal} again: ending at once"));
                let terminated = signal == "SIGTERM";
                Err(Problem::told(if terminated { Exit::Terminated } else { Exit::Interrupted }))
            }
        }
    }
}

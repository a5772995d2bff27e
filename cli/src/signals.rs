//! SIGTERM and SIGINT: the first one stops gracefully, the second one at once.

use std::io;

use crate::exit::Exit;
use crate::problem::Problem;

/// What the shell adds to a signal's number for the exit code of whoever it ended.
#[cfg(unix)]
const ENDED_BY_SIGNAL: i32 = 128;

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
    pub(crate) fn take() -> Result<Self, Problem> {
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

    /// Runs a graceful stop; another signal ends the program at once.
    pub(crate) async fn or_at_once<T>(&mut self, stopping: impl Future<Output = T>) -> T {
        tokio::select! {
            stopped = stopping => stopped,
            signal = self.next() => {
                eprintln!("{signal} again: ending at once");
                std::process::exit(code(signal));
            }
        }
    }
}

#[cfg(unix)]
fn code(signal: &str) -> i32 {
    ENDED_BY_SIGNAL + if signal == "SIGINT" { 2 } else { 15 }
}

#[cfg(not(unix))]
fn code(_: &str) -> i32 {
    1
}

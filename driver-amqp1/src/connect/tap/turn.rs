//! That the other tasks have had their turn.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;

/// One turn of the tasks that wait to run beside this one.
///
/// A task that wakes itself cannot tell whether it is polled anew or goes on: the engine asks for
/// what has come several times before it lets others run. So a task that does nothing is put behind
/// those that wait; when it has run, they have.
#[derive(Debug, Default)]
pub(super) enum Turn {
    #[default]
    NotBegun,
    Theirs(JoinHandle<()>),
    Over,
}

impl Turn {
    /// Ready once it is over.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Self::NotBegun = self {
            *self = Self::Theirs(tokio::spawn(async {}));
        }
        if let Self::Theirs(last) = self {
            // It is over, too, when the runtime lets nobody run any more.
            let _ = ready!(Pin::new(last).poll(context));
            *self = Self::Over;
        }
        Poll::Ready(())
    }
}

use std::pin::Pin;
use std::task::{Context, Poll};

/// How far a future came before it was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut<T> {
    /// It ended with this.
    Ended(T),
    /// It was pending after so many polls.
    Pending,
}

impl<T> Cut<T> {
    /// What it ended with, if it did.
    #[must_use]
    pub fn ended(self) -> Option<T> {
        match self {
            Self::Ended(output) => Some(output),
            Self::Pending => None,
        }
    }
}

/// Polls a future so many times, each time after it was woken, and drops it there: what a
/// `select!` or a timeout does to it at its n-th await.
///
/// ```
/// use busway_testkit::stage::{Cut, polled};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let twice = || async { tokio::task::yield_now().await; 1 };
/// assert_eq!(polled(1, twice()).await, Cut::Pending);
/// assert_eq!(polled(2, twice()).await, Cut::Ended(1));
/// # });
/// ```
pub async fn polled<F: Future>(times: usize, running: F) -> Cut<F::Output> {
    Polled { running: Box::pin(running), left: times }.await
}

struct Polled<F> {
    running: Pin<Box<F>>,
    left: usize,
}

impl<F: Future> Future for Polled<F> {
    type Output = Cut<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(Cut::Pending);
        }
        self.left -= 1;
        match self.running.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Cut::Ended(output)),
            Poll::Pending if self.left == 0 => Poll::Ready(Cut::Pending),
            Poll::Pending => Poll::Pending,
        }
    }
}

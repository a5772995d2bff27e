use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use lapin::{Confirmation, PublisherConfirm, Result};

/// The way of one message through the library: it is queued, written, confirmed.
pub(super) enum Passage {
    /// Until the library has written it.
    Writing(Pin<Box<dyn Future<Output = Result<PublisherConfirm>> + Send>>),
    /// Until the broker has confirmed it.
    Confirming(PublisherConfirm),
}

impl Passage {
    /// The passage of a message that is published by this future; nothing happens yet.
    pub(super) fn new(
        publishing: impl Future<Output = Result<PublisherConfirm>> + Send + 'static,
    ) -> Self {
        Self::Writing(Box::pin(publishing))
    }

    /// Queues the message: that is what the library does first, and at once.
    pub(super) fn begin(&mut self) -> Result<()> {
        match self.poll_written(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(error)) => Err(error),
            Poll::Ready(Ok(_)) | Poll::Pending => Ok(()),
        }
    }

    /// Queues the message, and waits until it is written, and with it all that was queued before
    /// on the same connection.
    pub(super) async fn written(&mut self) -> Result<()> {
        poll_fn(|cx| self.poll_written(cx).map_ok(|_| ())).await
    }

    /// What the broker said of it; to be polled until it is ready, and not after that.
    pub(super) fn poll_confirmed(&mut self, cx: &mut Context<'_>) -> Poll<Result<Confirmation>> {
        let confirm = ready!(self.poll_written(cx))?;
        Pin::new(confirm).poll(cx)
    }

    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<Result<&mut PublisherConfirm>> {
        if let Self::Writing(publishing) = self {
            *self = Self::Confirming(ready!(publishing.as_mut().poll(cx))?);
        }
        match self {
            Self::Writing(_) => Poll::Pending,
            Self::Confirming(confirm) => Poll::Ready(Ok(confirm)),
        }
    }
}

impl fmt::Debug for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Writing(_) => "Writing",
            Self::Confirming(_) => "Confirming",
        })
    }
}

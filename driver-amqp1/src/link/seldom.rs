//! Waiting for what hardly ever happens, beside what happens all the time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// A future that is polled again only when it has asked for it, however often others wake the task
/// that waits for it, too: to ask a timer or a cancellation each time costs more than what is done
/// in between.
///
/// It may be polled on after it was ready.
pub(super) struct Seldom<F> {
    future: Pin<Box<F>>,
    call: Arc<Call>,
    /// What the future is polled with.
    waker: Waker,
    /// What the task was last seen to be woken by.
    task: Option<Waker>,
}

/// What comes between the future and the task.
#[derive(Debug)]
struct Call {
    came: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.came.store(true, Ordering::Release);
        self.task.wake();
    }
}

impl<F: Future> Seldom<F> {
    pub(super) fn new(future: F) -> Self {
        // It is polled the first time.
        let call = Arc::new(Call { came: AtomicBool::new(true), task: AtomicWaker::new() });
        let waker = Waker::from(call.clone());
        Self { future: Box::pin(future), call, waker, task: None }
    }

    /// Another future instead, or the same one after it was changed.
    pub(super) fn change(&mut self, change: impl FnOnce(Pin<&mut F>)) {
        change(self.future.as_mut());
        self.call.came.store(true, Ordering::Release);
    }
}

impl<F: Future> Future for Seldom<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let is_known = self.task.as_ref().is_some_and(|task| task.will_wake(context.waker()));
        if !is_known {
            self.call.task.register(context.waker());
            self.task = Some(context.waker().clone());
        }
        if !self.call.came.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        // Whoever was woken is to be named again.
        self.call.task.register(context.waker());
        let Self { future, waker, .. } = &mut *self;
        let polled = future.as_mut().poll(&mut Context::from_waker(waker));
        if polled.is_ready() {
            // Ready once more, for whoever looks again.
            self.call.came.store(true, Ordering::Release);
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;

    use futures_util::FutureExt;
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[tokio::test]
    async fn it_is_asked_when_it_has_something_to_say() {
        let (token, asked) = (CancellationToken::new(), AtomicUsize::new(0));
        let mut cancelled = Box::pin(token.cancelled());
        let future = poll_fn(|context| {
            asked.fetch_add(1, Ordering::Relaxed);
            cancelled.as_mut().poll(context)
        });
        let mut seldom = Seldom::new(future);
        for _ in 0..10 {
            assert_eq!((&mut seldom).now_or_never(), None);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        let waiting = tokio::spawn({
            let token = token.clone();
            async move { token.cancel() }
        });
        (&mut seldom).await;
        waiting.await.expect("it ends");
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn it_wakes_whoever_looked_last() {
        let token = CancellationToken::new();
        let mut seldom = Seldom::new(token.clone().cancelled_owned());
        assert_eq!((&mut seldom).now_or_never(), None);
        let task = tokio::spawn(seldom);
        tokio::task::yield_now().await;
        token.cancel();
        task.await.expect("it is woken");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_changed_is_asked_again() {
        let hour = std::time::Duration::from_hours(1);
        let mut seldom = Seldom::new(tokio::time::sleep(hour));
        assert_eq!((&mut seldom).now_or_never(), None);
        let soon = tokio::time::Instant::now() + hour / 60;
        seldom.change(|sleep| sleep.reset(soon));
        (&mut seldom).await;
        assert_eq!(tokio::time::Instant::now(), soon);
    }
}

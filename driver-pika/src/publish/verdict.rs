//! What became of a message, told by the owner of its channel to the one who sent it.
//!
//! Unlike a oneshot channel it wakes a caller only for what that caller wants to hear: who waits
//! for a reply need not be woken by the confirm that comes before it.

use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use super::Published;
use crate::link::lost;

/// Tells what became of a message; dropped without a word, it was not sent.
#[derive(Debug)]
pub(super) struct Teller(Arc<Mutex<State>>);

/// What becomes of a message; dropped, the message is given up, and not sent if it was not yet.
#[derive(Debug)]
pub(crate) struct Verdict(Arc<Mutex<State>>);

#[derive(Debug)]
enum State {
    Open(Option<Listening>),
    Told(Published),
    /// Told, and taken.
    Over,
}

#[derive(Debug)]
struct Listening {
    waker: Waker,
    /// Whether the good news, too, is waited for.
    for_all: bool,
}

/// Both ends.
pub(super) fn verdict() -> (Teller, Verdict) {
    let state = Arc::new(Mutex::new(State::Open(None)));
    (Teller(state.clone()), Verdict(state))
}

impl Teller {
    pub(super) fn tell(self, published: Published) {
        self.set(published);
    }

    /// Whether nobody waits for it any more.
    pub(super) fn is_given_up(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    fn set(&self, published: Published) {
        let good = matches!(published, Published::Confirmed);
        let mut state = self.0.lock();
        let before = match &*state {
            State::Open(_) => mem::replace(&mut *state, State::Told(published)),
            State::Told(_) | State::Over => return,
        };
        drop(state);
        if let State::Open(Some(listening)) = before
            && (listening.for_all || !good)
        {
            listening.waker.wake();
        }
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        // What was told stays.
        if matches!(*self.0.lock(), State::Open(_)) {
            self.set(Published::NotSent(lost()));
        }
    }
}

impl Verdict {
    /// What became of it. Cancel safe; to be waited for once.
    pub(crate) async fn told(&mut self) -> Published {
        poll_fn(|cx| self.poll(cx, true)).await
    }

    /// What went wrong with it; never, when the broker has it. Cancel safe; to be waited for once.
    pub(crate) async fn failed(&mut self) -> Published {
        poll_fn(|cx| self.poll(cx, false)).await
    }

    /// Whether the broker has it.
    pub(crate) fn is_confirmed(&self) -> bool {
        matches!(*self.0.lock(), State::Told(Published::Confirmed))
    }

    fn poll(&mut self, cx: &Context<'_>, for_all: bool) -> Poll<Published> {
        let mut state = self.0.lock();
        match &*state {
            State::Told(Published::Confirmed) if !for_all => Poll::Pending,
            State::Told(_) => match mem::replace(&mut *state, State::Over) {
                State::Told(published) => Poll::Ready(published),
                State::Open(_) | State::Over => Poll::Pending,
            },
            State::Open(_) => {
                *state = State::Open(Some(Listening { waker: cx.waker().clone(), for_all }));
                Poll::Pending
            }
            State::Over => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use busway_core::ErrorKind;

    use super::*;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn woken_by(published: Published, for_all: bool) -> (usize, Poll<Published>) {
        let counted = Arc::new(Counted::default());
        let waker = Waker::from(counted.clone());
        let mut cx = Context::from_waker(&waker);
        let (teller, mut verdict) = verdict();
        assert!(verdict.poll(&cx, for_all).is_pending());
        teller.tell(published);
        let woken = counted.0.load(Ordering::SeqCst);
        let polled = if for_all {
            pin!(verdict.told()).poll(&mut cx)
        } else {
            pin!(verdict.failed()).poll(&mut cx)
        };
        (woken, polled)
    }

    #[test]
    fn who_waits_for_failures_is_not_woken_by_a_confirm() {
        assert!(matches!(woken_by(Published::Confirmed, false), (0, Poll::Pending)));
        let (woken, told) = woken_by(Published::Returned, false);
        assert!(matches!((woken, told), (1, Poll::Ready(Published::Returned))));
    }

    #[test]
    fn who_waits_for_all_is_woken_by_each() {
        let (woken, told) = woken_by(Published::Confirmed, true);
        assert!(matches!((woken, told), (1, Poll::Ready(Published::Confirmed))));
        let (woken, told) = woken_by(Published::MissingExchange, true);
        assert!(matches!((woken, told), (1, Poll::Ready(Published::MissingExchange))));
    }

    #[tokio::test]
    async fn a_confirm_can_be_looked_at_and_then_waited_for() {
        let (teller, mut verdict) = verdict();
        assert!(!verdict.is_confirmed());
        teller.tell(Published::Confirmed);
        assert!(verdict.is_confirmed());
        assert!(matches!(verdict.told().await, Published::Confirmed));
    }

    #[tokio::test]
    async fn a_teller_that_is_gone_sent_nothing() {
        let (teller, mut verdict) = verdict();
        drop(teller);
        let Published::NotSent(error) = verdict.failed().await else { panic!("it was not sent") };
        assert_eq!(error.kind(), ErrorKind::Connection);
    }

    #[test]
    fn a_verdict_that_nobody_waits_for_is_given_up() {
        let (teller, verdict) = verdict();
        assert!(!teller.is_given_up());
        drop(verdict);
        assert!(teller.is_given_up());
    }
}

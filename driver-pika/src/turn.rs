//! Letting other tasks go first.

use std::future::poll_fn;
use std::task::Poll;

/// Goes to the end of the queue of what is ready to run.
///
/// Tokio's `yield_now` looks for new events first, which costs a system call; this does not.
pub(crate) async fn others_first() {
    let mut waited = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

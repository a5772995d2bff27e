use std::sync::atomic::{AtomicBool, Ordering};

/// Remembers whether something was cut off.
#[derive(Debug, Default)]
pub(super) struct Stuck(AtomicBool);

impl Stuck {
    /// Whether something was cut off before.
    pub(super) fn is_stuck(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Runs something; when it is cut off, this is stuck.
    pub(super) async fn run<T>(&self, running: impl Future<Output = T>) -> T {
        let mut guard = Guard { stuck: self, ended: false };
        let output = running.await;
        guard.ended = true;
        output
    }
}

struct Guard<'a> {
    stuck: &'a Stuck,
    ended: bool,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.stuck.0.store(true, Ordering::Release);
        }
    }
}

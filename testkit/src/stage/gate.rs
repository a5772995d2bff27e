use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};

use super::soon;

/// A gate that holds handlers until it is opened, and knows who came.
///
/// ```
/// use busway_testkit::stage::Gate;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let gate = Gate::shut();
/// let handler = tokio::spawn({
///     let gate = gate.clone();
///     async move { gate.pass().await }
/// });
/// gate.entered(1).await;
/// gate.open();
/// handler.await.unwrap();
/// assert_eq!(gate.most_inside(), 1);
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    entered: watch::Sender<usize>,
    left: watch::Sender<usize>,
    most: Mutex<usize>,
    passes: Semaphore,
}

impl Gate {
    /// A gate that lets nobody pass.
    #[must_use]
    pub fn shut() -> Self {
        Self(Arc::new(Inner {
            entered: watch::Sender::new(0),
            left: watch::Sender::new(0),
            most: Mutex::new(0),
            passes: Semaphore::new(0),
        }))
    }

    /// Comes to the gate and waits until it lets pass.
    pub async fn pass(&self) {
        let _inside = self.enter();
        // A closed semaphore is an open gate.
        if let Ok(pass) = self.0.passes.acquire().await {
            pass.forget();
        }
    }

    fn enter(&self) -> Inside<'_> {
        // Counted before anybody who waits for this entry can let somebody leave.
        self.0.entered.send_modify(|entered| {
            *entered += 1;
            let mut most = self.0.most.lock();
            *most = (*most).max(*entered - *self.0.left.borrow());
        });
        Inside(self)
    }

    /// Lets so many pass.
    pub fn let_pass(&self, count: usize) {
        self.0.passes.add_permits(count);
    }

    /// Lets everybody pass, from now on.
    pub fn open(&self) {
        self.0.passes.close();
    }

    /// Waits until so many have come, since the beginning.
    pub async fn entered(&self, count: usize) {
        let mut entered = self.0.entered.subscribe();
        // The sender lives as long as the gate.
        let _ = soon(entered.wait_for(|entered| *entered >= count)).await;
    }

    /// Waits until so many have left, having passed or given up.
    pub async fn left(&self, count: usize) {
        let mut left = self.0.left.subscribe();
        // The sender lives as long as the gate.
        let _ = soon(left.wait_for(|left| *left >= count)).await;
    }

    /// How many have come, since the beginning.
    #[must_use]
    pub fn come(&self) -> usize {
        *self.0.entered.borrow()
    }

    /// How many wait at the gate.
    #[must_use]
    pub fn inside(&self) -> usize {
        self.come() - *self.0.left.borrow()
    }

    /// How many waited at once, at most.
    #[must_use]
    pub fn most_inside(&self) -> usize {
        *self.0.most.lock()
    }
}

/// Counts out whoever passes, and whoever is cut off while waiting.
struct Inside<'a>(&'a Gate);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.0.left.send_modify(|left| *left += 1);
    }
}

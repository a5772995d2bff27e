use std::fmt;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};

use super::soon;

/// What handlers wrote down, in the order in which they did.
///
/// ```
/// use busway_testkit::stage::Journal;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let journal = Journal::new();
/// journal.write(1);
/// journal.write(2);
/// assert_eq!(journal.next().await, 1);
/// assert_eq!(journal.rest().await, [2]);
/// # });
/// ```
pub struct Journal<T> {
    write: mpsc::UnboundedSender<T>,
    read: Arc<Mutex<mpsc::UnboundedReceiver<T>>>,
}

impl<T> Journal<T> {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        let (write, read) = mpsc::unbounded_channel();
        Self { write, read: Arc::new(Mutex::new(read)) }
    }

    /// Writes something down.
    pub fn write(&self, entry: T) {
        // The reader lives as long as the journal.
        let _ = self.write.send(entry);
    }

    /// The next entry; waits for it.
    ///
    /// # Panics
    /// When none comes soon.
    #[track_caller]
    pub fn next(&self) -> impl Future<Output = T> {
        let read = self.read.clone();
        let next = soon(async move { read.lock().await.recv().await });
        async { next.await.expect("the journal holds its own writing end") }
    }

    /// The next so many entries; waits for each.
    ///
    /// # Panics
    /// When one does not come soon.
    #[track_caller]
    pub fn take(&self, count: usize) -> impl Future<Output = Vec<T>> {
        let read = self.read.clone();
        let caller = std::panic::Location::caller();
        async move {
            let mut entries = Vec::with_capacity(count);
            let mut read = read.lock().await;
            while entries.len() < count {
                let next = tokio::time::timeout(super::PATIENCE, read.recv()).await;
                let came = entries.len();
                let entry = next.unwrap_or_else(|_| {
                    panic!("of {count} entries, only {came} came soon, at {caller}")
                });
                entries.extend(entry);
            }
            entries
        }
    }

    /// What is written down by now and was not read.
    pub async fn rest(&self) -> Vec<T> {
        let mut read = self.read.lock().await;
        std::iter::from_fn(|| read.try_recv().ok()).collect()
    }
}

impl<T> Default for Journal<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Journal<T> {
    fn clone(&self) -> Self {
        Self { write: self.write.clone(), read: self.read.clone() }
    }
}

impl<T> fmt::Debug for Journal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

use std::collections::VecDeque;
use std::fmt;

use parking_lot::Mutex;

/// How many events may wait to be told.
const WAITING: usize = 1024;

type Callback<E> = Box<dyn FnMut(&E) + Send>;

/// What happened, until the script's thread has time to be told.
pub(super) struct Callbacks<E> {
    waiting: Mutex<VecDeque<E>>,
    /// Those of before the last dispatch, taken by who calls them.
    known: Mutex<Vec<Callback<E>>>,
    /// Those that came since: a callback may add others.
    added: Mutex<Vec<Callback<E>>>,
}

impl<E> Default for Callbacks<E> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), known: Mutex::default(), added: Mutex::default() }
    }
}

impl<E> fmt::Debug for Callbacks<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks").finish_non_exhaustive()
    }
}

impl<E> Callbacks<E> {
    pub(super) fn add(&self, callback: impl FnMut(&E) + Send + 'static) {
        self.added.lock().push(Box::new(callback));
    }

    /// Notes an event; the oldest one goes when there are too many.
    pub(super) fn note(&self, event: E) {
        let mut waiting = self.waiting.lock();
        if waiting.len() == WAITING {
            waiting.pop_front();
            tracing::warn!("an event was not told: nobody had time for {WAITING} others");
        }
        waiting.push_back(event);
    }

    /// Tells all that happened, and how much it was. Within a callback it tells nothing, as in
    /// pika: the one outside goes on with the rest.
    pub(super) fn dispatch(&self) -> usize {
        let Some(mut known) = self.known.try_lock() else { return 0 };
        let mut told = 0;
        loop {
            known.append(&mut self.added.lock());
            // Unlocked before the callbacks are called.
            let next = self.waiting.lock().pop_front();
            let Some(event) = next else { return told };
            known.iter_mut().for_each(|callback| callback(&event));
            told += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Callbacks, the first of which writes down what it is told.
    fn recorded() -> (Arc<Callbacks<usize>>, Arc<Mutex<Vec<usize>>>) {
        let (callbacks, seen) = (Arc::new(Callbacks::default()), Arc::new(Mutex::default()));
        let record: Arc<Mutex<Vec<usize>>> = seen.clone();
        callbacks.add(move |event| record.lock().push(*event));
        (callbacks, seen)
    }

    #[test]
    fn events_are_told_once_and_in_order() {
        let (callbacks, seen) = recorded();
        callbacks.note(1);
        callbacks.note(2);
        assert_eq!((callbacks.dispatch(), callbacks.dispatch()), (2, 0));
        assert_eq!(*seen.lock(), [1, 2]);
    }

    #[test]
    fn a_callback_may_dispatch_and_add_others() {
        let (callbacks, seen) = recorded();
        let inner = callbacks.clone();
        callbacks.add(move |event| {
            assert_eq!(inner.dispatch(), 0);
            if *event == 1 {
                inner.add(|_| {});
                inner.note(2);
            }
        });
        callbacks.note(1);
        assert_eq!(callbacks.dispatch(), 2);
        assert_eq!(*seen.lock(), [1, 2]);
    }

    #[test]
    fn the_oldest_events_go_when_nobody_has_time() {
        let (callbacks, seen) = recorded();
        (0..=WAITING).for_each(|event| callbacks.note(event));
        assert_eq!(callbacks.dispatch(), WAITING);
        assert_eq!(seen.lock()[0], 1);
    }
}

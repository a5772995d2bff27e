use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// What is done with each piece of work.
pub(crate) trait Work: Send + Sync + 'static {
    /// What one task does at a time.
    type Piece: Send + 'static;

    /// Does it to its end.
    fn work(&self, piece: Self::Piece) -> impl Future<Output = ()> + Send;
}

/// The most idle tasks that are kept for the next burst.
const MOST_IDLE: usize = 256;

/// Tasks that work, so many at a time. One that has finished waits for the next piece rather than
/// to be replaced: a task costs more than what most handlers do.
///
/// Dropping it cuts off what runs.
pub(super) struct Workers<H: Work> {
    handler: Arc<H>,
    most: usize,
    crew: Arc<Crew<H::Piece>>,
    tasks: JoinSet<()>,
}

/// Who works and who waits for work.
struct Crew<W> {
    state: Mutex<State<W>>,
    /// Told when somebody finished, if anybody asked to be told.
    finished: Notify,
}

struct State<W> {
    /// The last one to finish comes first: its memory is warm.
    idle: Vec<Arc<Seat<W>>>,
    busy: usize,
    asked: bool,
}

impl<H: Work> Workers<H> {
    /// So many workers at most; none is there before there is work.
    pub(super) fn new(handler: Arc<H>, most: usize) -> Self {
        let state = State { idle: Vec::new(), busy: 0, asked: false };
        let crew = Crew { state: Mutex::new(state), finished: Notify::new() };
        Self { handler, most, crew: Arc::new(crew), tasks: JoinSet::new() }
    }

    pub(super) fn handler(&self) -> &H {
        &self.handler
    }

    /// How many work.
    pub(super) fn busy(&self) -> usize {
        self.crew.state.lock().busy
    }

    /// How many pieces of work can be begun now.
    pub(super) fn free(&self) -> usize {
        self.most.saturating_sub(self.busy())
    }

    /// Begins a piece of work at once; how many there may be is the caller's business.
    pub(super) fn begin(&mut self, piece: H::Piece) {
        let mut state = self.crew.state.lock();
        state.busy += 1;
        let seat = state.idle.pop();
        drop(state);
        match seat {
            Some(seat) => seat.put(piece),
            None => self.hire(piece),
        }
    }

    fn hire(&mut self, first: H::Piece) {
        // Those that have ended are forgotten.
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(work(self.handler.clone(), self.crew.clone(), first));
    }

    /// Waits until somebody is free. Cancel safe.
    pub(super) async fn somebody_free(&self) {
        self.crew.until(|busy| busy < self.most).await;
    }

    /// Waits until nobody works. Cancel safe.
    pub(super) async fn all_free(&self) {
        self.crew.until(|busy| busy == 0).await;
    }

    /// Ends all tasks, what runs is cut off; returns when they have gone.
    pub(super) async fn dismiss(&mut self) {
        self.tasks.shutdown().await;
    }
}

/// One worker: works until there are enough others that wait.
async fn work<H: Work>(handler: Arc<H>, crew: Arc<Crew<H::Piece>>, first: H::Piece) {
    let seat = Arc::new(Seat::new());
    let mut piece = first;
    loop {
        let busy = Busy(&crew);
        handler.work(piece).await;
        if !busy.sit_down(&seat) {
            return;
        }
        // A worker that never waits lets others run all the same.
        tokio::task::coop::consume_budget().await;
        piece = std::future::poll_fn(|cx| seat.poll(cx)).await;
    }
}

impl<W> Crew<W> {
    async fn until(&self, enough: impl Fn(usize) -> bool) {
        loop {
            let finished = self.finished.notified();
            if self.ask(&enough) {
                return;
            }
            finished.await;
        }
    }

    /// Whether there are few enough; otherwise the next one to finish tells.
    fn ask(&self, enough: impl Fn(usize) -> bool) -> bool {
        let mut state = self.state.lock();
        state.asked = !enough(state.busy);
        !state.asked
    }

    /// One finished; true when it is to wait on its seat for more.
    fn finish(&self, seat: Option<&Arc<Seat<W>>>) -> bool {
        let mut state = self.state.lock();
        state.busy -= 1;
        let seat = seat.filter(|_| state.idle.len() < MOST_IDLE);
        state.idle.extend(seat.cloned());
        let asked = std::mem::take(&mut state.asked);
        drop(state);
        if asked {
            self.finished.notify_one();
        }
        seat.is_some()
    }
}

/// Somebody works; if the handler panics, its worker is gone and no longer busy.
struct Busy<'a, W>(&'a Crew<W>);

impl<W> Busy<'_, W> {
    fn sit_down(self, seat: &Arc<Seat<W>>) -> bool {
        let crew = self.0;
        std::mem::forget(self);
        crew.finish(Some(seat))
    }
}

impl<W> Drop for Busy<'_, W> {
    fn drop(&mut self) {
        self.0.finish(None);
    }
}

/// Where an idle worker waits for one piece of work.
struct Seat<W>(Mutex<(Option<W>, Option<Waker>)>);

impl<W> Seat<W> {
    fn new() -> Self {
        Self(Mutex::new((None, None)))
    }

    fn put(&self, piece: W) {
        let mut seat = self.0.lock();
        seat.0 = Some(piece);
        let waker = seat.1.take();
        drop(seat);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<W> {
        let mut seat = self.0.lock();
        if let Some(piece) = seat.0.take() {
            return Poll::Ready(piece);
        }
        seat.1 = Some(cx.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    /// Waits for a word to finish, or to panic.
    #[derive(Default)]
    struct Obeys {
        begun: AtomicUsize,
    }

    impl Work for Obeys {
        type Piece = oneshot::Receiver<bool>;

        async fn work(&self, piece: Self::Piece) {
            self.begun.fetch_add(1, Ordering::SeqCst);
            assert!(piece.await.unwrap_or(true), "told to panic");
        }
    }

    fn workers(most: usize) -> Workers<Obeys> {
        Workers::new(Arc::new(Obeys::default()), most)
    }

    #[tokio::test]
    async fn a_worker_that_finished_does_the_next_piece() {
        let mut workers = workers(2);
        for round in 1..=100 {
            let (finish, piece) = oneshot::channel();
            workers.begin(piece);
            assert_eq!((workers.busy(), workers.free()), (1, 1));
            finish.send(true).expect("it waits");
            workers.all_free().await;
            assert_eq!(workers.handler().begun.load(Ordering::SeqCst), round);
        }
        assert_eq!(workers.tasks.len(), 1);
    }

    #[tokio::test]
    async fn one_that_panics_is_no_longer_busy_and_others_go_on() {
        let mut workers = workers(1);
        for good in [false, true, false, true] {
            workers.somebody_free().await;
            let (finish, piece) = oneshot::channel();
            workers.begin(piece);
            assert_eq!(workers.free(), 0);
            finish.send(good).expect("it waits");
        }
        workers.all_free().await;
        assert_eq!(workers.handler().begun.load(Ordering::SeqCst), 4);
    }

    #[tokio::test]
    async fn who_is_dismissed_has_gone_with_what_it_had() {
        let mut workers = workers(3);
        let pieces: Vec<_> = (0..3)
            .map(|_| {
                let (finish, piece) = oneshot::channel();
                workers.begin(piece);
                finish
            })
            .collect();
        workers.dismiss().await;
        assert!(pieces.iter().all(oneshot::Sender::is_closed));
    }

    #[tokio::test]
    async fn no_more_stay_idle_than_the_next_burst_may_need() {
        let mut workers = workers(MOST_IDLE * 2);
        let burst: Vec<_> = (0..MOST_IDLE * 2)
            .map(|_| {
                let (finish, piece) = oneshot::channel();
                workers.begin(piece);
                finish
            })
            .collect();
        for finish in burst {
            finish.send(true).expect("it waits");
        }
        workers.all_free().await;
        assert_eq!(workers.crew.state.lock().idle.len(), MOST_IDLE);
    }
}

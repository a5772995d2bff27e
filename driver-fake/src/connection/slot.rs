use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use busway_core::driver::Outcome;
use parking_lot::Mutex;
use tokio::time::Instant;

/// Where the reply of one call goes: what a reply queue and a correlation id are on other buses.
#[derive(Debug)]
pub(crate) struct Slot(Mutex<State>);

#[derive(Debug)]
struct State {
    news: Option<News>,
    /// Whether nothing more is expected: answered, or nobody waits.
    over: bool,
    waker: Option<Waker>,
    last_beat: Option<Instant>,
}

/// What a waiting call hears.
#[derive(Debug)]
pub(crate) enum News {
    /// The reply.
    Answered(Outcome),
    /// The request was lost with its queue, or with the last server.
    Unserved,
    /// The connection was lost; a reply may come nevertheless.
    Lost,
    /// The transport was closed.
    Closed,
    /// The deadline has passed.
    TimedOut,
    /// No heartbeat came for too long.
    Silent,
}

impl Slot {
    pub(super) fn new() -> Self {
        let state = State { news: None, over: false, waker: None, last_beat: None };
        Self(Mutex::new(state))
    }

    /// The request is about to leave: what was lost before is forgotten.
    pub(super) fn leaving(&self) {
        let mut state = self.0.lock();
        if matches!(state.news, Some(News::Lost)) {
            state.news = None;
        }
        if state.last_beat.is_some() {
            state.last_beat = Some(Instant::now());
        }
    }

    /// The reply. False when nobody waits for it.
    pub(crate) fn answer(&self, outcome: Outcome) -> bool {
        self.end(News::Answered(outcome))
    }

    pub(crate) fn unserved(&self) {
        self.end(News::Unserved);
    }

    pub(super) fn close(&self) {
        self.end(News::Closed);
    }

    /// The connection was lost.
    pub(super) fn lose(&self) {
        let mut state = self.0.lock();
        if !state.over {
            state.tell(News::Lost);
        }
    }

    /// Its handler still runs.
    pub(crate) fn beat(&self) {
        if let Some(last) = &mut self.0.lock().last_beat {
            *last = Instant::now();
        }
    }

    /// Nobody waits any more.
    pub(super) fn abandon(&self) {
        let mut state = self.0.lock();
        state.over = true;
        state.news = None;
        state.waker = None;
    }

    fn end(&self, news: News) -> bool {
        let mut state = self.0.lock();
        if state.over {
            return false;
        }
        state.over = true;
        state.tell(news);
        true
    }

    /// Starts to count the time between heartbeats.
    pub(super) fn monitor(&self) {
        self.0.lock().last_beat = Some(Instant::now());
    }

    /// Waits for news until the deadline, or until no heartbeat came for so long.
    pub(super) async fn news(&self, deadline: Instant, monitor: Option<Duration>) -> News {
        loop {
            let silent = monitor.and_then(|monitor| self.0.lock().last_beat?.checked_add(monitor));
            let until = silent.map_or(deadline, |silent| silent.min(deadline));
            let news = poll_fn(|cx| self.0.lock().poll(cx));
            if let Ok(news) = tokio::time::timeout_at(until, news).await {
                return news;
            }
            let now = Instant::now();
            if deadline <= now {
                return News::TimedOut;
            }
            let last_beat = self.0.lock().last_beat;
            let beaten = monitor.and_then(|monitor| last_beat?.checked_add(monitor));
            if beaten.is_some_and(|silent| silent <= now) {
                return News::Silent;
            }
        }
    }
}

impl State {
    fn tell(&mut self, news: News) {
        self.news = Some(news);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn poll(&mut self, cx: &Context<'_>) -> Poll<News> {
        if let Some(news) = self.news.take() {
            return Poll::Ready(news);
        }
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            waker => *waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

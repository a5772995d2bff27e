use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use busway_core::net::KillSwitch;
use busway_core::{Error, ErrorKind};
use futures_util::{Stream, StreamExt};
use lapin::Event;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::callbacks::Callbacks;
use crate::connect::{describe, is_of_a_channel};

/// How many refusals are kept for the channels that they closed.
const REFUSALS: usize = 16;

/// What the broker says of a connection's messages.
#[derive(Debug)]
pub(super) enum Pressure {
    Blocked(String),
    Unblocked,
}

/// How a connection is.
#[derive(Debug)]
pub(super) struct Status {
    end: OnceLock<(ErrorKind, String)>,
    over: CancellationToken,
    blocked: watch::Sender<bool>,
    pub(super) pressure: Callbacks<Pressure>,
    /// Something happened that may be told.
    pub(super) news: Notify,
    refusals: Mutex<VecDeque<String>>,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            end: OnceLock::new(),
            over: CancellationToken::new(),
            blocked: watch::Sender::new(false),
            pressure: Callbacks::default(),
            news: Notify::new(),
            refusals: Mutex::default(),
        }
    }
}

impl Status {
    /// Ends it; the first reason stays.
    pub(super) fn end(&self, kind: ErrorKind, reason: impl Into<String>) {
        // A later reason is a consequence of the first.
        let _ = self.end.set((kind, reason.into()));
        self.over.cancel();
        self.news.notify_one();
    }

    /// Why it is over, if it is.
    pub(super) fn error(&self) -> Option<Error> {
        self.end.get().map(|(kind, reason)| Error::new(*kind, reason.as_str()))
    }

    /// Waits until it is over.
    pub(super) async fn ended(&self) -> Error {
        self.over.cancelled().await;
        self.error().unwrap_or_else(|| Error::new(ErrorKind::Closed, "the connection has ended"))
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    /// Waits until the broker takes messages.
    pub(super) async fn unblocked(&self) {
        // The sender lives as long as this.
        let _ = self.blocked.subscribe().wait_for(|blocked| !blocked).await;
    }

    /// What the broker said when it closed a channel; several may be mixed up.
    pub(super) fn refusal(&self) -> Option<String> {
        self.refusals.lock().pop_front()
    }

    /// Watches a connection until it is over.
    pub(super) async fn supervise(
        self: Arc<Self>,
        kill: Arc<KillSwitch>,
        happenings: impl Stream<Item = Event>,
        blocked_connection_timeout: Option<Duration>,
    ) {
        let mut happenings = std::pin::pin!(happenings);
        let mut patience = None;
        loop {
            let exhausted = async {
                match patience {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                // Who ended it closes it, too.
                () = self.over.cancelled() => return,
                happening = happenings.next() => match happening {
                    Some(Event::ConnectionBlocked(reason)) => {
                        self.blocked.send_replace(true);
                        patience = patience.or_else(|| {
                            blocked_connection_timeout.map(|timeout| Instant::now() + timeout)
                        });
                        self.tell(Pressure::Blocked(reason));
                    }
                    Some(Event::ConnectionUnblocked) => {
                        self.blocked.send_replace(false);
                        patience = None;
                        self.tell(Pressure::Unblocked);
                    }
                    Some(Event::Error(error)) if is_of_a_channel(&error) => self.refused(&error),
                    Some(Event::Error(error)) => {
                        let why = describe(&error);
                        self.end(why.kind(), format!("the connection was lost: {}", why.message()));
                        break;
                    }
                    Some(_) => {}
                    None => {
                        self.end(ErrorKind::Connection, "the connection was lost");
                        break;
                    }
                },
                () = exhausted => {
                    let reason = "the broker blocked the connection for blocked_connection_timeout";
                    self.end(ErrorKind::Full, reason);
                    break;
                }
            }
        }
        kill.kill();
    }

    fn tell(&self, pressure: Pressure) {
        self.pressure.note(pressure);
        self.news.notify_one();
    }

    fn refused(&self, error: &lapin::Error) {
        let mut refusals = self.refusals.lock();
        if refusals.len() == REFUSALS {
            refusals.pop_front();
        }
        refusals.push_back(describe(error).message().to_owned());
    }
}

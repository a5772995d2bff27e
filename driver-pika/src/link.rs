//! The supervisor of a connection: it connects, notices the loss, connects again, and tells
//! everybody who waits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::{Events, TransportEvent};
use busway_core::net::{Hosts, KillSwitch};
use busway_core::url::Host;
use busway_core::{Error, ErrorKind, Result};
use futures_util::StreamExt;
use lapin::Event;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connect::{CLOSE_TIMEOUT, Connected, Connecting, describe, is_of_a_channel};

/// A connection that is supervised: it comes back after a loss, until it is closed.
#[derive(Debug)]
pub(crate) struct Link {
    state: watch::Receiver<State>,
    stop: CancellationToken,
    supervisor: parking_lot::Mutex<Option<JoinHandle<()>>>,
    /// The tasks of the subscriptions, and what tells them to end.
    tasks: TaskTracker,
    stopping: CancellationToken,
}

#[derive(Clone, Debug)]
enum State {
    Down(Arc<str>, ErrorKind),
    Up(Arc<Live>),
    Closed,
}

/// A connection while it lives.
pub(crate) struct Live {
    pub(crate) connection: lapin::Connection,
    kill: KillSwitch,
    lost: CancellationToken,
    blocked: watch::Sender<bool>,
}

impl Live {
    /// Waits until the connection is lost.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.is_cancelled()
    }

    /// Whether the connection is lost, or is about to be: the library knows it first.
    pub(crate) fn is_broken(&self) -> bool {
        self.is_lost() || !self.connection.status().connected()
    }

    /// Whether the broker takes nothing for now: the library knows it first.
    pub(crate) fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    /// Whether the broker takes nothing for now.
    pub(crate) fn blocked(&self) -> watch::Receiver<bool> {
        self.blocked.subscribe()
    }

    /// A channel of its own.
    pub(crate) async fn channel(&self) -> Result<lapin::Channel> {
        tokio::select! {
            channel = self.connection.create_channel() => channel.map_err(|error| describe(&error)),
            () = self.lost() => Err(lost()),
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // However its supervision ended, the library's thread does not wait for the peer.
        self.kill.kill();
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("lost", &self.is_lost()).finish_non_exhaustive()
    }
}

/// The error of what was under way when the connection went.
pub(crate) fn lost() -> Error {
    Error::new(ErrorKind::Connection, "the connection to the broker was lost")
}

/// The error of what is asked of a transport that is closed, or was under way when it was.
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the transport is closed")
}

/// Runs an operation unless the transport is closed, or until it is.
pub(crate) async fn unless_closed<T>(
    is_closed: &CancellationToken,
    operation: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::select! {
        biased;
        () = is_closed.cancelled() => Err(closed()),
        result = operation => result,
    }
}

impl Link {
    /// Connects, trying the hosts in turn so many rounds, and supervises from then on.
    pub(crate) async fn open(
        connecting: Connecting,
        hosts: Vec<Host>,
        events: Events,
    ) -> Result<Self> {
        let mut hosts = Hosts::new(hosts, *connecting.options.host_connection_reconnect_delay);
        let first = first(&connecting, &mut hosts).await?;
        let (sender, state) =
            watch::channel(State::Down("not connected yet".into(), ErrorKind::Connection));
        let stop = CancellationToken::new();
        let supervisor =
            Supervisor { connecting, hosts, events, state: sender, stop: stop.clone() };
        // The state is set before anybody can look at it.
        let task = tokio::spawn(supervisor.run(first));
        Ok(Self {
            state,
            stop,
            supervisor: parking_lot::Mutex::new(Some(task)),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        })
    }

    /// Where the tasks of subscriptions run: closing waits for them.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Cancelled when the subscriptions are to end.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// The connection, once it is up.
    pub(crate) async fn live(&self, deadline: Instant) -> Result<Arc<Live>> {
        let mut state = self.state.clone();
        loop {
            let now = state.borrow_and_update().clone();
            let (reason, kind) = match now {
                State::Up(live) if !live.is_lost() => return Ok(live),
                State::Closed => {
                    return Err(closed());
                }
                State::Up(_) => (Arc::from("the connection was lost"), ErrorKind::Connection),
                State::Down(reason, kind) => (reason, kind),
            };
            match tokio::time::timeout_at(deadline, state.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(closed()),
                Err(_) => return Err(Error::new(kind, format!("no connection in time: {reason}"))),
            }
        }
    }

    /// The error of what did not happen in time, and that the broker has blocked the connection,
    /// where it has.
    pub(crate) fn late(&self, what: &str) -> Error {
        let blocked = matches!(&*self.state.borrow(), State::Up(live) if live.is_blocked());
        let why = if blocked { "; it blocks the connection, short of memory or disk" } else { "" };
        Error::new(ErrorKind::Timeout, format!("{what}{why}"))
    }

    /// Ends the subscriptions, once what they took is settled, then the connection and its
    /// supervision.
    pub(crate) async fn close(&self, deadline: Instant) {
        self.stopping.cancel();
        self.tasks.close();
        // A part of the time is kept for the connection.
        let remaining = deadline.saturating_duration_since(Instant::now());
        let patience = deadline - (remaining / 4).min(CLOSE_TIMEOUT);
        if tokio::time::timeout_at(patience, self.tasks.wait()).await.is_err() {
            tracing::debug!("closed while something taken was not settled: it comes again");
        }
        self.stop.cancel();
        let task = self.supervisor.lock().take();
        if let Some(mut task) = task
            && tokio::time::timeout_at(deadline, &mut task).await.is_err()
        {
            task.abort();
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Connects to the first host that answers, trying them in turn so many rounds; but in one round
/// alone when each of them refuses for good, which a wrong password is, or a missing virtual host.
pub(crate) async fn first(
    connecting: &Connecting,
    hosts: &mut Hosts,
) -> Result<(usize, Connected)> {
    let mut error = lost();
    for round in 0..connecting.options.connection_attempts {
        if round > 0 {
            tokio::time::sleep(*connecting.options.retry_delay).await;
        }
        let mut may_help = false;
        for _ in 0..hosts.len() {
            let index = hosts.turn();
            let host = hosts.host(index).clone();
            match connecting.connect(&host, far_future()).await {
                Ok(connected) => return Ok((index, connected)),
                Err(refused) => {
                    hosts.failed(index, Instant::now());
                    may_help |= refused.is_retryable();
                    error = refused;
                }
            }
        }
        if !may_help {
            break;
        }
    }
    Err(error)
}

/// A deadline for what has shorter ones of its own.
fn far_future() -> Instant {
    Instant::now() + Duration::from_hours(1)
}

struct Supervisor {
    connecting: Connecting,
    hosts: Hosts,
    events: Events,
    state: watch::Sender<State>,
    stop: CancellationToken,
}

impl Supervisor {
    async fn run(mut self, first: (usize, Connected)) {
        let mut connected = Some(first);
        while let Some((index, connection)) = connected {
            self.hosts.succeeded(index);
            if self.supervise(index, connection).await.is_none() {
                break;
            }
            self.hosts.failed(index, Instant::now());
            connected = self.reconnect().await;
        }
        self.state.send_replace(State::Closed);
    }

    /// Watches a connection until it is lost (`Some`) or closed by us (`None`).
    async fn supervise(&mut self, index: usize, connected: Connected) -> Option<()> {
        let Connected { connection, kill } = connected;
        let mut happenings = Box::pin(connection.events_listener());
        // What happened before somebody listened is told to nobody.
        let gone = !connection.status().connected();
        let live = Arc::new(Live {
            connection,
            kill,
            lost: CancellationToken::new(),
            blocked: watch::Sender::new(false),
        });
        self.state.send_replace(State::Up(live.clone()));
        self.events
            .send(TransportEvent::Connected { peer: self.hosts.host(index).hostname.clone() });
        let reason = loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => {
                    self.close(live).await;
                    return None;
                }
                () = live.lost() => break "an operation found it gone".to_owned(),
                () = std::future::ready(()), if gone => break "lost as soon as it was there".to_owned(),
                happening = happenings.next() => match happening {
                    Some(Event::ConnectionBlocked(reason)) => {
                        live.blocked.send_replace(true);
                        self.tell_pressure(TransportEvent::Blocked { reason });
                    }
                    Some(Event::ConnectionUnblocked) => {
                        live.blocked.send_replace(false);
                        self.tell_pressure(TransportEvent::Unblocked);
                    }
                    // What closed a channel is a matter of its owner.
                    Some(Event::Error(error)) if is_of_a_channel(&error) => {}
                    Some(Event::Error(error)) => break describe(&error).message().to_owned(),
                    Some(_) => {}
                    None => break "the connection ended".to_owned(),
                }
            }
        };
        live.lost.cancel();
        live.kill.kill();
        self.state.send_replace(State::Down(reason.as_str().into(), ErrorKind::Connection));
        self.events.send(TransportEvent::Disconnected { reason });
        Some(())
    }

    fn tell_pressure(&self, event: TransportEvent) {
        if self.connecting.options.backpressure_detection {
            self.events.send(event);
        }
    }

    async fn close(&self, live: Arc<Live>) {
        live.lost.cancel();
        self.state.send_replace(State::Closed);
        let closing = live.connection.close(200, "closed by Busway".into());
        let answered = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
        if !matches!(answered, Ok(Ok(()))) {
            live.kill.kill();
        }
    }

    /// Tries the hosts in turn until one answers; `None` when closed meanwhile.
    async fn reconnect(&mut self) -> Option<(usize, Connected)> {
        for attempt in 1.. {
            let now = Instant::now();
            let (index, ready) = self.hosts.next(now);
            let after = ready - now;
            self.events.send(TransportEvent::Reconnecting { attempt, after });
            let host = self.hosts.host(index).clone();
            let connecting = async {
                tokio::time::sleep_until(ready).await;
                self.connecting.connect(&host, far_future()).await
            };
            let connected = tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                connected = connecting => connected,
            };
            match connected {
                Ok(connected) => return Some((index, connected)),
                Err(error) => {
                    tracing::debug!(%error, attempt, "the broker was not reached");
                    self.hosts.failed(index, Instant::now());
                    self.state.send_replace(State::Down(error.to_string().into(), error.kind()));
                }
            }
        }
        None
    }
}

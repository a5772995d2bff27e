//! The supervisor of the connection: it connects, notices the loss, connects again, and tells
//! everybody who waits. It runs on a thread of its own.

use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::{Events, TransportEvent};
use busway_core::net::Hosts;
use busway_core::{Error, ErrorKind, Result};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::bus::{Line, State};
use super::epoch::{self, Opened};
use super::outbox::again;
use super::receiver::{Out, Receiving};
use super::sessions::Wear;
use crate::connect::Connecting;
use crate::options::AmqpOptions;
use crate::wire::Addresses;

/// How long connecting to one host may take, down to the reply link.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What a connection is opened with.
pub(crate) struct Opening {
    pub(crate) connecting: Connecting,
    pub(crate) hosts: Hosts,
    pub(crate) options: Arc<AmqpOptions>,
    pub(crate) control_exchange: String,
    pub(crate) virtual_host: Option<String>,
    pub(crate) events: Events,
    pub(crate) wear: Wear,
}

/// Starts the thread.
pub(super) fn start(
    opening: Opening,
    line: Arc<Line>,
    ready: oneshot::Sender<Result<()>>,
    done: CancellationToken,
) -> Result<Handle> {
    let failed = |error: std::io::Error| {
        let message = format!("the connection's thread could not be started: {error}");
        Error::new(ErrorKind::Internal, message)
    };
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let handle = runtime.handle().clone();
    let supervisor = Supervisor { opening, line, number: 0 };
    let run = move || {
        // Also when the work panics, nobody waits for it in vain.
        let _done = done.drop_guard();
        runtime.block_on(supervisor.run(ready));
    };
    std::thread::Builder::new().name("busway-amqp1".to_owned()).spawn(run).map_err(failed)?;
    Ok(handle)
}

struct Supervisor {
    opening: Opening,
    line: Arc<Line>,
    number: u64,
}

impl Supervisor {
    async fn run(mut self, ready: oneshot::Sender<Result<()>>) {
        let stop = self.line.stop.clone();
        let first = tokio::select! {
            biased;
            () = stop.cancelled() => None,
            first = self.first() => Some(first),
        };
        let mut opened = match first {
            Some(Ok(opened)) => {
                let _ = ready.send(Ok(()));
                Some(opened)
            }
            Some(Err(error)) => {
                let _ = ready.send(Err(error));
                None
            }
            None => None,
        };
        while let Some(connection) = opened {
            if self.supervise(connection).await.is_none() {
                break;
            }
            opened = tokio::select! {
                biased;
                () = stop.cancelled() => None,
                opened = self.reconnect() => Some(opened),
            };
        }
        self.line.state.send_replace(State::Closed);
    }

    /// Connects to the first host that answers, each tried once.
    async fn first(&mut self) -> Result<(usize, Opened)> {
        let mut error = super::words::lost();
        for _ in 0..self.opening.hosts.len() {
            match self.connect().await {
                Ok(opened) => return Ok(opened),
                Err(refused) => error = refused,
            }
        }
        Err(error)
    }

    /// Connects to the next host.
    async fn connect(&mut self) -> Result<(usize, Opened)> {
        let index = self.opening.hosts.turn();
        let host = self.opening.hosts.host(index).clone();
        self.number += 1;
        let deadline = Instant::now() + CONNECT_TIMEOUT;
        let (opening, number) = (&self.opening, self.number);
        let connecting = async {
            let connected = opening.connecting.connect(&host, deadline).await?;
            let tap = connected.tap.clone();
            let waiters = self.line.waiters.clone();
            let replies = Receiving {
                credit: opening.options.reply_link_credit,
                out: Out::Function(Arc::new(move |arrived| waiters.answer(arrived))),
            };
            let addresses = |product: Option<&str>| {
                let virtual_host = opening.virtual_host.as_deref();
                Addresses::new(&opening.options, &opening.control_exchange, virtual_host, product)
            };
            let opened = epoch::open(
                connected,
                number,
                opening.wear,
                |peer| addresses(peer.product.as_deref()),
                replies,
            );
            match tokio::time::timeout_at(deadline, opened).await {
                Ok(Ok(opened)) => Ok((index, opened)),
                Ok(Err(error)) => {
                    let said = tap.words();
                    tap.kill();
                    Err(said.unwrap_or(error))
                }
                Err(_) => {
                    tap.kill();
                    let message = "the peer did not set up the sessions and the reply link in time";
                    Err(Error::new(ErrorKind::Connection, message))
                }
            }
        };
        connecting.await
    }

    /// Watches a connection until it is lost (`Some`) or closed by us (`None`).
    async fn supervise(&mut self, (index, mut opened): (usize, Opened)) -> Option<()> {
        let epoch = opened.epoch.clone();
        self.line.state.send_replace(State::Up(epoch.clone()));
        let peer = self.opening.hosts.host(index).hostname.clone();
        self.opening.events.send(TransportEvent::Connected { peer });
        let stop = self.line.stop.clone();
        let why = tokio::select! {
            biased;
            () = stop.cancelled() => {
                self.line.state.send_replace(State::Closed);
                opened.close().await;
                return None;
            }
            why = opened.lost() => why,
        };
        tracing::debug!(error = %why, "the connection was lost");
        self.line.waiters.lost(epoch.number, &why);
        let reason = why.message().to_owned();
        self.line.state.send_replace(State::Down(Arc::new(why)));
        self.opening.events.send(TransportEvent::Disconnected { reason });
        Some(())
    }

    /// Tries the hosts in turn until one answers: at once at first, then, when all have been
    /// tried, after a time that grows.
    async fn reconnect(&mut self) -> (usize, Opened) {
        let options = self.opening.options.clone();
        let mut delay = *options.connection_retry_interval;
        let mut attempt = 0;
        loop {
            for turn in 0..self.opening.hosts.len() {
                attempt += 1;
                let after = if turn == 0 { jittered(delay) } else { Duration::ZERO };
                self.opening.events.send(TransportEvent::Reconnecting { attempt, after });
                tokio::time::sleep(after).await;
                match self.connect().await {
                    Ok(opened) => return opened,
                    Err(error) => {
                        tracing::debug!(%error, attempt, "the peer was not reached");
                        self.line.state.send_replace(State::Down(Arc::new(again(&error))));
                    }
                }
            }
            delay = (delay + *options.connection_retry_backoff)
                .min(*options.connection_retry_interval_max);
        }
    }
}

/// A time, give or take a fifth, so that clients do not come back all at once.
fn jittered(delay: Duration) -> Duration {
    delay.mul_f64(0.8 + 0.4 * fastrand::f64())
}

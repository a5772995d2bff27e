//! The publishing channels of a connection: for each exchange its own, so that one exchange's
//! loss takes no other's messages with it.
//!
//! A pool crate lends each object to one user at a time; here many senders share a channel, and
//! another one is opened only when all have their window full.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use busway_core::{Error, ErrorKind, Result};
use lapin::options::ConfirmSelectOptions;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Outgoing;
use super::owner::{Command, Owner, PLACES};
use super::verdict::{Verdict, verdict};
use crate::connect::describe;
use crate::link::{Link, Live, closed, unless_closed};
use crate::options::PikaOptions;
use crate::topology::declare_exchange;

/// The publishing channels on one link, by exchange.
#[derive(Debug)]
pub(crate) struct Publishers {
    link: Arc<Link>,
    options: PikaOptions,
    /// Whether the exchanges are durable.
    durable: bool,
    /// Cancelled when the transport is closed.
    closed: CancellationToken,
    exchanges: Mutex<HashMap<String, Arc<Exchange>>>,
}

/// The publishing channels of one exchange.
#[derive(Debug)]
struct Exchange {
    /// A permit for each place in the windows of all the channels there may be.
    room: Arc<Semaphore>,
    channels: Mutex<Vec<Arc<Publisher>>>,
    /// Held while a channel is opened, so that senders that come together share one.
    opening: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
pub(super) struct Publisher {
    commands: mpsc::Sender<Command>,
    in_flight: AtomicUsize,
    created: Instant,
    used: Mutex<Instant>,
}

/// A place in a channel's window; free again when dropped, that is once its message is settled.
#[derive(Debug)]
pub(super) struct Lease {
    publisher: Arc<Publisher>,
    _room: OwnedSemaphorePermit,
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Before the permit goes back.
        self.publisher.in_flight.fetch_sub(1, Ordering::Release);
    }
}

impl Lease {
    /// Hands a message to the channel's owner; one that has ended tells so.
    pub(super) fn hand_over(self, outgoing: Outgoing) -> Verdict {
        let (teller, verdict) = verdict();
        let publisher = self.publisher.clone();
        // There is room for as many as have a place. What cannot be handed over, since the owner
        // has ended, is dropped, and its teller with it.
        let _ = publisher.commands.try_send(Command { outgoing, teller, lease: self });
        verdict
    }
}

impl Publishers {
    /// As [`Link::late`].
    pub(crate) fn late(&self, what: &str) -> Error {
        self.link.late(what)
    }

    pub(crate) fn new(
        link: Arc<Link>,
        options: PikaOptions,
        durable: bool,
        closed: CancellationToken,
    ) -> Self {
        Self { link, options, durable, closed, exchanges: Mutex::default() }
    }

    /// A place in the window of a channel for that exchange.
    pub(super) async fn acquire(&self, exchange: &str, deadline: Instant) -> Result<Lease> {
        let channels = self.exchange(exchange);
        if let Some(lease) = channels.lease(&self.options) {
            return Ok(lease);
        }
        // Boxed, so that those who find a place at once stay small.
        let waiting =
            Box::pin(unless_closed(&self.closed, self.wait(&channels, exchange, deadline)));
        tokio::time::timeout_at(deadline, waiting).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout, "no publishing channel had a place in time"))
        })
    }

    /// Waits for a place, and opens another channel when all are full.
    async fn wait(&self, channels: &Exchange, exchange: &str, deadline: Instant) -> Result<Lease> {
        let room = self.room(channels, exchange).await?;
        let _opening = channels.opening.lock().await;
        loop {
            // There are as many permits as places, so a channel may be opened when all are full.
            if let Some(publisher) = channels.lend(&self.options) {
                return Ok(Lease { publisher, _room: room });
            }
            let publisher = self.open(exchange, deadline).await?;
            channels.channels.lock().push(publisher);
        }
    }

    fn exchange(&self, name: &str) -> Arc<Exchange> {
        let mut exchanges = self.exchanges.lock();
        if let Some(exchange) = exchanges.get(name) {
            return exchange.clone();
        }
        let most = self.options.pool_max_size.saturating_add(self.options.pool_max_overflow);
        let places = most.saturating_mul(PLACES).min(Semaphore::MAX_PERMITS);
        let exchange = Arc::new(Exchange {
            room: Arc::new(Semaphore::new(places)),
            channels: Mutex::default(),
            opening: tokio::sync::Mutex::new(()),
        });
        exchanges.insert(name.to_owned(), exchange.clone());
        exchange
    }

    async fn room(&self, channels: &Exchange, exchange: &str) -> Result<OwnedSemaphorePermit> {
        if let Ok(room) = channels.room.clone().try_acquire_owned() {
            return Ok(room);
        }
        let room = channels.room.clone().acquire_owned();
        match tokio::time::timeout(*self.options.pool_timeout, room).await {
            Ok(Ok(room)) => Ok(room),
            Ok(Err(_)) => Err(closed()),
            Err(_) => {
                let message = "every publishing channel was busy for as long as pool_timeout";
                Err(Error::new(ErrorKind::Full, message).with("exchange", exchange))
            }
        }
    }

    async fn open(&self, exchange: &str, deadline: Instant) -> Result<Arc<Publisher>> {
        let live = self.link.live(deadline).await?;
        let (channel, proven) = match self.declare(&live, exchange).await {
            Ok(channel) => (channel, true),
            // It may be there nevertheless, by somebody else's declaration.
            Err(error) => {
                tracing::debug!(%error, exchange, "an exchange could not be declared");
                (live.channel().await?, false)
            }
        };
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .map_err(|error| describe(&error))?;
        let (sender, commands) = mpsc::channel(PLACES);
        let owner = Owner {
            live,
            closed: self.closed.clone(),
            channel: Arc::new(channel),
            exchange: exchange.into(),
            next: None,
            pending: VecDeque::new(),
            pending_bytes: 0,
            returned: HashSet::new(),
            proven,
        };
        // It ends when its senders are gone, or with the connection.
        tokio::spawn(owner.run(commands));
        let now = Instant::now();
        Ok(Arc::new(Publisher {
            commands: sender,
            in_flight: AtomicUsize::new(0),
            created: now,
            used: Mutex::new(now),
        }))
    }

    /// A channel on which the exchange was declared: what is published to one that does not exist
    /// costs the channel, with all that is under way on it.
    async fn declare(&self, live: &Live, exchange: &str) -> Result<lapin::Channel> {
        let channel = live.channel().await?;
        declare_exchange(&channel, exchange, self.durable).await?;
        Ok(channel)
    }
}

impl Exchange {
    /// A place, when there is one now.
    fn lease(&self, options: &PikaOptions) -> Option<Lease> {
        let room = self.room.clone().try_acquire_owned().ok()?;
        Some(Lease { publisher: self.lend(options)?, _room: room })
    }

    /// A channel that is open, fresh enough, and not full, with one place taken.
    fn lend(&self, options: &PikaOptions) -> Option<Arc<Publisher>> {
        let now = Instant::now();
        let mut channels = self.channels.lock();
        channels.retain(|it| it.is_fit(now, options));
        let publisher = channels.iter().find(|it| it.in_flight.load(Ordering::Acquire) < PLACES)?;
        publisher.in_flight.fetch_add(1, Ordering::Relaxed);
        *publisher.used.lock() = now;
        Some(publisher.clone())
    }
}

impl Publisher {
    fn is_fit(&self, now: Instant, options: &PikaOptions) -> bool {
        let fresh = now.duration_since(self.created) < *options.pool_recycle;
        let idle = self.in_flight.load(Ordering::Relaxed) == 0
            && now.duration_since(*self.used.lock()) >= *options.pool_stale;
        fresh && !idle && !self.commands.is_closed()
    }
}

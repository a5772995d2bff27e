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
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

use super::owner::{Owner, WINDOW};
use super::{Done, Outgoing, Published};
use crate::connect::describe;
use crate::link::{Link, lost};
use crate::options::PikaOptions;

/// The publishing channels on one link, by exchange.
#[derive(Debug)]
pub(crate) struct Publishers {
    link: Arc<Link>,
    options: PikaOptions,
    channels: Mutex<HashMap<String, Vec<Arc<Publisher>>>>,
    /// Told when a channel has room again.
    room: Notify,
    /// Held while a channel is opened, so that senders that come together share one.
    opening: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
pub(super) struct Publisher {
    commands: mpsc::Sender<(Outgoing, Done)>,
    in_flight: AtomicUsize,
    created: Instant,
    used: Mutex<Instant>,
}

/// A place in a channel's window; free again when dropped.
pub(super) struct Lease<'a> {
    publishers: &'a Publishers,
    publisher: Arc<Publisher>,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.publisher.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.publishers.room.notify_one();
    }
}

impl Lease<'_> {
    pub(super) async fn publish(&self, outgoing: Outgoing) -> Published {
        let (done, outcome) = oneshot::channel();
        if self.publisher.commands.send((outgoing, done)).await.is_err() {
            return Published::NotSent(lost());
        }
        // An owner that ends tells everybody first, but for what it skipped as given up.
        outcome.await.unwrap_or_else(|_| Published::NotSent(lost()))
    }
}

impl Publishers {
    pub(crate) fn new(link: Arc<Link>, options: PikaOptions) -> Self {
        Self {
            link,
            options,
            channels: Mutex::default(),
            room: Notify::new(),
            opening: tokio::sync::Mutex::new(()),
        }
    }

    /// A place in the window of a channel for that exchange.
    pub(super) async fn acquire(&self, exchange: &str, deadline: Instant) -> Result<Lease<'_>> {
        if let Some(lease) = self.lend(exchange) {
            return Ok(lease);
        }
        let give_up = Instant::now() + *self.options.pool_timeout;
        let waiting = async {
            loop {
                let room = self.room.notified();
                if let Some(lease) = self.lend_or_open(exchange, deadline).await? {
                    return Ok(lease);
                }
                room.await;
            }
        };
        tokio::time::timeout_at(give_up, waiting).await.unwrap_or_else(|_| {
            let message = "every publishing channel was busy for as long as pool_timeout";
            Err(Error::new(ErrorKind::Full, message).with("exchange", exchange))
        })
    }

    /// A place in a channel that is open, fresh enough, and not full.
    fn lend(&self, exchange: &str) -> Option<Lease<'_>> {
        let now = Instant::now();
        let mut channels = self.channels.lock();
        let open = channels.get_mut(exchange)?;
        open.retain(|it| it.is_fit(now, &self.options));
        let publisher = open.iter().find(|it| it.in_flight.load(Ordering::Relaxed) < WINDOW)?;
        publisher.in_flight.fetch_add(1, Ordering::Relaxed);
        *publisher.used.lock() = now;
        Some(Lease { publishers: self, publisher: publisher.clone() })
    }

    async fn lend_or_open(&self, exchange: &str, deadline: Instant) -> Result<Option<Lease<'_>>> {
        let _opening = self.opening.lock().await;
        if let Some(lease) = self.lend(exchange) {
            return Ok(Some(lease));
        }
        let count = self.channels.lock().get(exchange).map_or(0, Vec::len);
        if count >= self.options.pool_max_size + self.options.pool_max_overflow {
            return Ok(None);
        }
        let publisher = self.open(exchange, deadline).await?;
        self.channels.lock().entry(exchange.to_owned()).or_default().push(publisher);
        Ok(self.lend(exchange))
    }

    async fn open(&self, exchange: &str, deadline: Instant) -> Result<Arc<Publisher>> {
        let live = self.link.live(deadline).await?;
        let channel = live.channel().await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .map_err(|error| describe(&error))?;
        let (sender, commands) = mpsc::channel(WINDOW);
        let owner = Owner {
            live,
            channel,
            exchange: exchange.to_owned(),
            pending: VecDeque::new(),
            returned: HashSet::new(),
            proven: false,
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
}

impl Publisher {
    fn is_fit(&self, now: Instant, options: &PikaOptions) -> bool {
        let fresh = now.duration_since(self.created) < *options.pool_recycle;
        let idle = self.in_flight.load(Ordering::Relaxed) == 0
            && now.duration_since(*self.used.lock()) >= *options.pool_stale;
        fresh && !idle && !self.commands.is_closed()
    }
}

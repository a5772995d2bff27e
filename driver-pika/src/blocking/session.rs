use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use busway_core::net::{Hosts, KillSwitch};
use busway_core::url::Host;
use busway_core::{Config, Error, ErrorKind, Result, TransportUrl};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::channel::Core;
use super::runtime::{Runtime, check_that_waiting_is_fine};
use super::supervise::Status;
use crate::connect::{CLOSE_TIMEOUT, Connected, Connecting};
use crate::link::first;
use crate::options::PikaOptions;

/// An open connection, shared by its channels; it is closed with the last of them.
pub(super) struct Session {
    connection: lapin::Connection,
    kill: Arc<KillSwitch>,
    pub(super) status: Arc<Status>,
    channels: Mutex<Vec<Weak<Core>>>,
    /// How long an operation may take.
    timeout: Duration,
    /// Ends after the connection.
    runtime: Runtime,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn open(
        url: &TransportUrl,
        timeout: Duration,
        blocked_connection_timeout: Option<Duration>,
    ) -> Result<Self> {
        let options: PikaOptions = Config::new().driver_section(url)?;
        let mut hosts = Hosts::new(url.hosts().to_vec(), *options.host_connection_reconnect_delay);
        let connecting = Connecting::new(url, options)?;
        let runtime = Runtime::start()?;
        let (_, connected) = runtime.block_on(first(&connecting, &mut hosts))?;
        let Connected { connection, kill } = connected;
        let (kill, status) = (Arc::new(kill), Arc::new(Status::default()));
        let happenings = connection.events_listener();
        if !connection.status().connected() {
            // What happened before somebody listened is told to nobody.
            kill.kill();
            let message = "the connection was lost as soon as it was there";
            return Err(Error::new(ErrorKind::Connection, message));
        }
        let supervising =
            status.clone().supervise(kill.clone(), happenings, blocked_connection_timeout);
        runtime.spawn(supervising);
        Ok(Self { connection, kill, status, channels: Mutex::default(), timeout, runtime })
    }

    /// Waits for what has an end of its own, or for that of the connection.
    pub(super) fn wait<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                done = future => done,
                error = self.status.ended() => Err(error),
            }
        })
    }

    /// Until when an operation that begins now may take.
    pub(super) fn deadline(&self) -> Instant {
        // A time-out that is too long to be counted is one of a century.
        let now = Instant::now();
        now.checked_add(self.timeout).unwrap_or_else(|| now + Duration::from_hours(876_000))
    }

    pub(super) async fn channel(&self) -> lapin::Result<lapin::Channel> {
        self.connection.create_channel().await
    }

    pub(super) fn add(&self, channel: &Arc<Core>) {
        let mut channels = self.channels.lock();
        channels.retain(|known| known.strong_count() > 0);
        channels.push(Arc::downgrade(channel));
    }

    /// Fetches what came back, tells all that happened, and how much it was.
    pub(super) fn dispatch(&self) -> Result<usize> {
        for channel in self.channels() {
            channel.fetch_returns()?;
        }
        Ok(self.tell())
    }

    /// Tells what is known of, and how much it was.
    pub(super) fn tell(&self) -> usize {
        let returned: usize = self.channels().iter().map(|it| it.returns.dispatch()).sum();
        self.status.pressure.dispatch() + returned
    }

    fn channels(&self) -> Vec<Arc<Core>> {
        self.channels.lock().iter().filter_map(Weak::upgrade).collect()
    }

    /// Closes the connection in order; one that is over is no matter.
    pub(super) fn close(&self) -> Result<()> {
        check_that_waiting_is_fine()?;
        if self.status.is_over() {
            return Ok(());
        }
        let closing = self.connection.close(200, "closed by Busway".into());
        self.status.end(ErrorKind::Closed, "the connection was closed");
        let answered = self.runtime.block_on(async {
            let answered = tokio::time::timeout(CLOSE_TIMEOUT.min(self.timeout), closing).await;
            Ok(matches!(answered, Ok(Ok(()))))
        })?;
        self.kill.kill();
        if answered {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Timeout, "the broker did not answer; the connection was cut off"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Where nobody may wait, it is cut off.
        let _ = self.close();
        self.status.end(ErrorKind::Closed, "the connection was dropped");
        self.kill.kill();
    }
}

/// The URL's one host, or this machine's broker.
pub(super) fn with_host(url: TransportUrl) -> TransportUrl {
    if url.hosts().is_empty() { url.with_host(Host::new("localhost")) } else { url }
}

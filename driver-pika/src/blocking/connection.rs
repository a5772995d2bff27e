use std::sync::Arc;
use std::time::Duration;

use busway_core::{Error, Result};
use tokio::time::Instant;

use super::session::Session;
use super::supervise::Pressure;
use super::{BlockingChannel, BlockingConnectionBuilder};
use crate::ConnectionParameters;

/// A connection to RabbitMQ whose methods wait: the counterpart of pika's `BlockingConnection`.
///
/// It is closed when it and all its channels and consumers are dropped, or by
/// [`close`](Self::close).
///
/// ```no_run
/// use std::time::Duration;
///
/// use busway_driver_pika::ConnectionParameters;
/// use busway_driver_pika::blocking::BlockingConnection;
///
/// let parameters = ConnectionParameters::from_url("amqp://guest:guest@localhost/")?;
/// let connection = BlockingConnection::builder(&parameters)
///     .timeout(Duration::from_secs(10))
///     .blocked_connection_timeout(Duration::from_secs(60))
///     .open()?;
/// let channel = connection.channel()?;
/// println!("{:?}", channel.queue_declare("jobs", &Default::default())?);
/// connection.close()?;
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Debug)]
pub struct BlockingConnection {
    session: Arc<Session>,
}

impl BlockingConnection {
    pub(super) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    /// Connects and logs in: pika's `BlockingConnection(parameters)`.
    ///
    /// # Errors
    /// `Configuration` for parameters that do not go together; `Connection` when the broker
    /// cannot be reached; `Refused` when it refuses the login or the virtual host; `Unsupported`
    /// within an async runtime.
    pub fn open(parameters: &ConnectionParameters) -> Result<Self> {
        Self::builder(parameters).open()
    }

    /// The same for a URL of one host (`amqp://`, `amqps://`, `pika://` or `pika+tls://`): pika's
    /// `BlockingConnection(URLParameters(url))`.
    ///
    /// # Errors
    /// As [`open`](Self::open) and [`ConnectionParameters::from_url`].
    pub fn open_url(url: &str) -> Result<Self> {
        Self::open(&ConnectionParameters::from_url(url)?)
    }

    /// Time-outs of its own.
    #[must_use]
    pub fn builder(parameters: &ConnectionParameters) -> BlockingConnectionBuilder {
        BlockingConnectionBuilder::new(parameters)
    }

    /// Opens a channel: pika's `BlockingConnection.channel`.
    ///
    /// # Errors
    /// `Connection` when there are `channel_max` of them, or the connection is lost; `Closed`
    /// after it was closed; `Timeout`.
    pub fn channel(&self) -> Result<BlockingChannel> {
        BlockingChannel::open(&self.session).map_err(|error| error.attempted("channel"))
    }

    /// Runs the callbacks of what has happened: pika's `process_data_events`. With nothing to tell
    /// yet, it waits for that long for something to happen; for ever without a limit.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use busway_driver_pika::blocking::BlockingConnection;
    /// # let connection = BlockingConnection::open_url("amqp://localhost/")?;
    /// connection.add_on_connection_blocked_callback(|reason| eprintln!("blocked: {reason}"));
    /// connection.process_data_events(Some(Duration::ZERO))?;
    /// # Ok::<(), busway_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Why the connection ended, when it has.
    pub fn process_data_events(&self, time_limit: Option<Duration>) -> Result<()> {
        let deadline = time_limit.and_then(|limit| Instant::now().checked_add(limit));
        let process = || {
            while self.session.dispatch()? == 0 && self.happening(deadline)? {}
            Ok(())
        };
        process().map_err(|error: Error| error.attempted("process_data_events"))
    }

    /// Sleeps for that long, and runs callbacks meanwhile: pika's `BlockingConnection.sleep`.
    ///
    /// # Errors
    /// As [`process_data_events`](Self::process_data_events): at once when the connection ends.
    pub fn sleep(&self, duration: Duration) -> Result<()> {
        let deadline = Instant::now().checked_add(duration);
        let sleep = || loop {
            self.session.dispatch()?;
            if !self.happening(deadline)? {
                return Ok(());
            }
        };
        sleep().map_err(|error: Error| error.attempted("sleep"))
    }

    /// Waits until something happens, or returns false at the deadline.
    fn happening(&self, deadline: Option<Instant>) -> Result<bool> {
        let status = &self.session.status;
        self.session.wait(async {
            if status.is_over() {
                return Err(status.ended().await);
            }
            let news = status.news.notified();
            let Some(deadline) = deadline else {
                news.await;
                return Ok(true);
            };
            Ok(tokio::time::timeout_at(deadline, news).await.is_ok())
        })
    }

    /// Calls it with the reason when the broker blocks the connection, short of memory or disk:
    /// pika's `add_on_connection_blocked_callback`. RabbitMQ tells only those who publish.
    pub fn add_on_connection_blocked_callback(
        &self,
        mut callback: impl FnMut(&str) + Send + 'static,
    ) {
        self.session.status.pressure.add(move |pressure| {
            if let Pressure::Blocked(reason) = pressure {
                callback(reason);
            }
        });
    }

    /// Calls it when the broker takes messages again: pika's
    /// `add_on_connection_unblocked_callback`.
    pub fn add_on_connection_unblocked_callback(
        &self,
        mut callback: impl FnMut() + Send + 'static,
    ) {
        self.session.status.pressure.add(move |pressure| {
            if let Pressure::Unblocked = pressure {
                callback();
            }
        });
    }

    /// Whether it is neither closed nor lost: pika's `is_open`.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.session.status.is_over()
    }

    /// Closes the connection with all its channels: pika's `BlockingConnection.close`. To close
    /// one that is closed or lost is no error.
    ///
    /// # Errors
    /// `Timeout` when the broker does not answer; the connection is closed nevertheless.
    pub fn close(&self) -> Result<()> {
        self.session.close().map_err(|error| error.attempted("close"))
    }
}

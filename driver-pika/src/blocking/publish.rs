use std::fmt;
use std::sync::atomic::Ordering;

use busway_core::{Error, ErrorKind, Result};
use lapin::Confirmation;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use tokio::time::{Instant, timeout_at};

use super::arguments::{EXCHANGE, KEY, short};
use super::{BlockingChannel, Properties, Returned};

/// The broker did not take a message: pika's `NackError`. A queue is full and rejects
/// (`x-overflow`), or it failed.
///
/// It is the source of the error that [`BlockingChannel::basic_publish`] returns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Nacked;

impl fmt::Display for Nacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the broker refused the message (a queue is full, or failed)")
    }
}

impl std::error::Error for Nacked {}

/// No queue takes a message: pika's `UnroutableError`.
///
/// It is the source of the error that [`BlockingChannel::basic_publish`] returns:
///
/// ```no_run
/// use std::error::Error as _;
///
/// use busway_driver_pika::blocking::{BlockingConnection, Properties, Unroutable};
///
/// let channel = BlockingConnection::open_url("amqp://localhost/")?.channel()?;
/// channel.confirm_delivery()?;
/// if let Err(error) = channel.basic_publish("", "nobody", b"hello", &Properties::default(), true) {
///     if let Some(unroutable) = error.source().and_then(|it| it.downcast_ref::<Unroutable>()) {
///         println!("came back: {}", unroutable.message.reply_text);
///     }
/// }
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Unroutable {
    /// The message, as it came back.
    pub message: Returned,
}

impl fmt::Display for Unroutable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Returned { reply_code, reply_text, .. } = &self.message;
        write!(f, "the message came back: {reply_text} ({reply_code})")
    }
}

impl std::error::Error for Unroutable {}

/// Publishing.
impl BlockingChannel {
    /// From now on [`basic_publish`](Self::basic_publish) waits until the broker has confirmed the
    /// message: pika's `confirm_delivery`.
    ///
    /// # Errors
    /// Those of [every operation](super#errors).
    pub fn confirm_delivery(&self) -> Result<()> {
        let options = ConfirmSelectOptions::default();
        self.core.ask("confirm_delivery", || Ok(self.core.channel.confirm_select(options)))?;
        self.core.confirming.store(true, Ordering::Release);
        Ok(())
    }

    /// Publishes a message to an exchange (`""` for the queue that the routing key names): pika's
    /// `basic_publish`. A `mandatory` one comes back when no queue takes it.
    ///
    /// Without [`confirm_delivery`](Self::confirm_delivery) it returns when the message is on its
    /// way, and what comes back is told to
    /// [`add_on_return_callback`](Self::add_on_return_callback) alone.
    ///
    /// # Errors
    /// With confirms: `Undeliverable` with [`Unroutable`] underneath for a mandatory message that
    /// came back, or when the exchange does not exist; `Full` with [`Nacked`] underneath when the
    /// broker refused it; `InDoubt` when the connection went before it was confirmed; `Timeout`
    /// when it was not confirmed in time, after which nothing more can be published on this
    /// channel, as its outcome is not known.
    ///
    /// Always: `Full` when the broker blocks the connection until the time-out, in which case
    /// nothing is sent; those of [every operation](super#errors).
    pub fn basic_publish(
        &self,
        exchange: &str,
        routing_key: &str,
        body: &[u8],
        properties: &Properties,
        mandatory: bool,
    ) -> Result<()> {
        let published = self.publish(exchange, routing_key, body, properties, mandatory);
        // What came back is told outside of the lock: a callback may publish.
        self.core.session.tell();
        published.map_err(|error| {
            let error = error.attempted("basic_publish");
            error.with("exchange", exchange).with("routing_key", routing_key)
        })
    }

    /// Calls it with each message that comes back: pika's `add_on_return_callback`.
    pub fn add_on_return_callback(&self, callback: impl FnMut(&Returned) + Send + 'static) {
        self.core.returns.add(callback);
    }

    fn publish(
        &self,
        exchange: &str,
        routing_key: &str,
        body: &[u8],
        properties: &Properties,
        mandatory: bool,
    ) -> Result<()> {
        let core = &self.core;
        let deadline = core.session.deadline();
        let left = deadline.saturating_duration_since(Instant::now());
        let Some(_publishing) = core.publishing.try_lock_for(left) else {
            return Err(Error::new(ErrorKind::Timeout, "others published for the whole time"));
        };
        core.check()?;
        let (exchange, key) = (short(EXCHANGE, exchange)?, short(KEY, routing_key)?);
        let properties = properties.to_amqp()?;
        core.session.wait(async {
            let unblocked = timeout_at(deadline, core.session.status.unblocked()).await;
            unblocked.map_err(|_| {
                let message = "the broker blocks the connection (short of memory or disk)";
                Error::new(ErrorKind::Full, message)
            })
        })?;
        let confirming = core.confirming.load(Ordering::Acquire);
        if mandatory && !confirming {
            core.expecting_returns.store(true, Ordering::Release);
        }
        let options = BasicPublishOptions { mandatory, immediate: false };
        let publishing = async {
            core.channel.basic_publish(exchange, key, options, body, properties).await?.await
        };
        let outcome = core.session.wait(async {
            let Ok(outcome) = timeout_at(deadline, publishing).await else {
                core.give_up("the outcome of a publish on this channel is not known");
                let message = "the broker did not take or confirm the message in time; it may \
                               have it";
                return Err(Error::new(ErrorKind::Timeout, message));
            };
            outcome.map_err(|error| core.failed(&error))
        });
        match outcome.map_err(in_doubt)? {
            Confirmation::Nack(_) => {
                let message = "the broker refused the message (a queue is full, or failed)";
                Err(Error::new(ErrorKind::Full, message).because(Nacked))
            }
            Confirmation::Ack(Some(returned)) => {
                let message = Returned::new(returned);
                core.returns.note(message.clone());
                let error = Error::new(ErrorKind::Undeliverable, "no queue takes the message");
                Err(error.because(Unroutable { message }))
            }
            Confirmation::Ack(None) => Ok(()),
            Confirmation::NotRequested => {
                core.take_returns();
                Ok(())
            }
        }
    }
}

/// What is lost after a message was handed over may have reached the broker.
fn in_doubt(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Connection | ErrorKind::Full | ErrorKind::Closed => {
            let message = format!("the broker may have the message: {}", error.message());
            Error::new(ErrorKind::InDoubt, message).because(error)
        }
        _ => error,
    }
}

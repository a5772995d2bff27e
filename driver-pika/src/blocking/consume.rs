use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use busway_core::Result;
use futures_util::{FutureExt, StreamExt};
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions};
use tokio::time::{Instant, sleep_until};

use super::arguments::{Arguments, QUEUE, short, table};
use super::channel::Core;
use super::runtime::check_that_waiting_is_fine;
use super::{BlockingChannel, Delivery};

/// How a queue is consumed: the arguments of pika's `consume`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Consume {
    /// Acknowledges each message as it is handed over.
    pub auto_ack: bool,
    /// Whether nobody else may consume the queue.
    pub exclusive: bool,
    /// The consumer's tag; one of the broker's without one.
    pub consumer_tag: String,
    /// Arguments such as `x-priority`.
    pub arguments: Arguments,
    /// How long the iterator waits for a message before it ends for now; for ever without one.
    pub inactivity_timeout: Option<Duration>,
}

/// The messages of a queue, as they come.
///
/// It ends for now when none has come within `inactivity_timeout`, and can be asked again; it ends
/// for good ([`is_active`](Self::is_active)) when it is cancelled, by us or by the broker (the
/// queue was deleted), or after the error that tells of a connection or channel that is gone.
///
/// Dropped, it is cancelled; what it was given and did not hand over goes back to the queue.
pub struct Consumer {
    core: Arc<Core>,
    stream: Option<lapin::Consumer>,
    tag: String,
    auto_ack: bool,
    inactivity_timeout: Option<Duration>,
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("tag", &self.tag).finish_non_exhaustive()
    }
}

impl BlockingChannel {
    /// Consumes a queue, message by message: pika's `consume`, and `basic_consume` in one.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use busway_driver_pika::blocking::{BlockingConnection, Consume};
    /// # let channel = BlockingConnection::open_url("amqp://localhost/")?.channel()?;
    /// let patient = Consume {
    ///     inactivity_timeout: Some(Duration::from_secs(1)),
    ///     ..Consume::default()
    /// };
    /// let mut messages = channel.consume("jobs", &patient)?;
    /// for message in &mut messages {
    ///     let message = message?;
    ///     channel.basic_ack(message.delivery_tag, false)?;
    /// }
    /// println!("nothing came for a second; {} go back", messages.cancel()?);
    /// # Ok::<(), busway_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Undeliverable` when the queue does not exist; `Refused` when it is another's alone; those
    /// of [every operation](super#errors).
    pub fn consume(&self, queue: &str, consume: &Consume) -> Result<Consumer> {
        // Always with acknowledgements: they bound what the broker sends.
        let options =
            BasicConsumeOptions { exclusive: consume.exclusive, ..BasicConsumeOptions::default() };
        let consumer = self.core.ask("consume", || {
            let name = short(QUEUE, queue)?;
            let tag = short("a consumer's tag", &consume.consumer_tag)?;
            Ok(self.core.channel.basic_consume(name, tag, options, table(&consume.arguments)?))
        });
        let stream = consumer.map_err(|error| error.with("queue", queue))?;
        Ok(Consumer {
            core: self.core.clone(),
            tag: stream.tag().to_string(),
            stream: Some(stream),
            auto_ack: consume.auto_ack,
            inactivity_timeout: consume.inactivity_timeout,
        })
    }
}

/// What was waited for.
enum Came {
    Message(Box<lapin::message::Delivery>),
    Failure(lapin::Error),
    News,
    Nothing,
    End,
}

impl Consumer {
    /// Its tag, for [`basic_cancel`](BlockingChannel::basic_cancel).
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Whether more may come: not after it was cancelled, or failed.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.stream.is_some()
    }

    /// Ends it, and gives back to the queue what it did not hand over yet: pika's
    /// `BlockingChannel.cancel`. Returns how many messages that were.
    ///
    /// # Errors
    /// Those of [every operation](super#errors).
    pub fn cancel(mut self) -> Result<usize> {
        self.end()
    }

    fn end(&mut self) -> Result<usize> {
        let Some(mut stream) = self.stream.take() else { return Ok(0) };
        self.core.cancel(&self.tag)?;
        let mut given_back = 0;
        // The broker has answered: what it sent before is here.
        while let Some(Some(Ok(message))) = stream.next().now_or_never() {
            let options = BasicNackOptions { multiple: false, requeue: true };
            let tag = message.delivery_tag;
            self.core.ask("cancel", || Ok(self.core.channel.basic_nack(tag, options)))?;
            given_back += 1;
        }
        Ok(given_back)
    }

    /// Waits for a message, and runs callbacks meanwhile.
    fn wait(&mut self) -> Result<Came> {
        let deadline = self.inactivity_timeout.and_then(|it| Instant::now().checked_add(it));
        loop {
            self.core.session.dispatch()?;
            match self.next_of(deadline)? {
                Came::News => {}
                came => return Ok(came),
            }
        }
    }

    fn next_of(&mut self, deadline: Option<Instant>) -> Result<Came> {
        let Some(stream) = &mut self.stream else { return Ok(Came::End) };
        let status = &self.core.session.status;
        let inactive = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        self.core.session.wait(async {
            tokio::select! {
                biased;
                next = stream.next() => Ok(match next {
                    Some(Ok(message)) => Came::Message(Box::new(message)),
                    Some(Err(error)) => Came::Failure(error),
                    None => Came::End,
                }),
                () = status.news.notified() => Ok(Came::News),
                () = inactive => Ok(Came::Nothing),
            }
        })
    }

    fn hand_over(&self, message: lapin::message::Delivery) -> Result<Delivery> {
        let tag = message.delivery_tag;
        if self.auto_ack {
            let options = BasicAckOptions::default();
            self.core.ask("basic_ack", || Ok(self.core.channel.basic_ack(tag, options)))?;
        }
        self.core.hand_over(tag);
        Ok(Delivery::new(message))
    }
}

impl Iterator for Consumer {
    type Item = Result<Delivery>;

    fn next(&mut self) -> Option<Result<Delivery>> {
        self.stream.as_ref()?;
        let next = match self.wait() {
            Ok(Came::Message(message)) => self.hand_over(*message),
            Ok(Came::Failure(error)) => Err(self.core.failed(&error)),
            Ok(Came::News | Came::Nothing) => return None,
            Ok(Came::End) => {
                self.stream = None;
                // The library ends it so when the connection is lost, too.
                match self.core.session.status.error() {
                    Some(error) if error.kind() != busway_core::ErrorKind::Closed => Err(error),
                    _ => return None,
                }
            }
            Err(error) => Err(error),
        };
        if next.is_err() {
            self.stream = None;
        }
        Some(next.map_err(|error| error.attempted("consume")))
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // Elsewhere, the library cancels it; what it holds goes back with the channel.
        if check_that_waiting_is_fine().is_ok() && self.core.check().is_ok() {
            // Nobody is left to be told.
            let _ = self.end();
        }
    }
}

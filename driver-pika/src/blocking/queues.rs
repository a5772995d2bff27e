use busway_core::Result;
use lapin::options::{
    QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions, QueuePurgeOptions,
};

use super::BlockingChannel;
use super::arguments::{Arguments, QUEUE, binding, short, table};

/// How a queue is declared: the arguments of pika's `queue_declare`.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "they are those of AMQP, told apart by name")]
pub struct QueueDeclare {
    /// Only asks whether it exists.
    pub passive: bool,
    /// Whether it survives a restart of the broker.
    pub durable: bool,
    /// Whether it is this connection's alone, and ends with it.
    pub exclusive: bool,
    /// Whether it is deleted with its last consumer.
    pub auto_delete: bool,
    /// Arguments such as `x-max-length`.
    pub arguments: Arguments,
}

/// A queue that was declared: what pika's `queue_declare` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Queue {
    /// Its name, which the broker chose if there was none.
    pub name: String,
    /// How many messages wait in it.
    pub message_count: u32,
    /// How many consumers it has.
    pub consumer_count: u32,
}

/// Queues.
impl BlockingChannel {
    /// Declares a queue: pika's `queue_declare`. Without a name, the broker chooses one.
    ///
    /// ```no_run
    /// # use busway_driver_pika::blocking::{BlockingConnection, QueueDeclare};
    /// # let channel = BlockingConnection::open_url("amqp://localhost/")?.channel()?;
    /// let mine = QueueDeclare { exclusive: true, ..QueueDeclare::default() };
    /// let queue = channel.queue_declare("", &mine)?;
    /// channel.queue_bind(&queue.name, "news", "weather.#", &Default::default())?;
    /// # Ok::<(), busway_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Refused` when it was declared otherwise, is another connection's own, or without
    /// permission; `Undeliverable` when it was asked for (`passive`) and is not there; those of
    /// [every operation](super#errors).
    pub fn queue_declare(&self, queue: &str, declare: &QueueDeclare) -> Result<Queue> {
        let options = QueueDeclareOptions {
            passive: declare.passive,
            durable: declare.durable,
            exclusive: declare.exclusive,
            auto_delete: declare.auto_delete,
            nowait: false,
        };
        let declared = self.core.ask("queue_declare", || {
            let (name, arguments) = (short(QUEUE, queue)?, table(&declare.arguments)?);
            Ok(self.core.channel.queue_declare(name, options, arguments))
        });
        let declared = declared.map_err(|error| error.with("queue", queue))?;
        Ok(Queue {
            name: declared.name().to_string(),
            message_count: declared.message_count(),
            consumer_count: declared.consumer_count(),
        })
    }

    /// Lets what reaches an exchange with this routing key reach the queue: pika's `queue_bind`.
    ///
    /// # Errors
    /// `Undeliverable` when one of them does not exist; those of [every operation](super#errors).
    pub fn queue_bind(
        &self,
        queue: &str,
        exchange: &str,
        routing_key: &str,
        arguments: &Arguments,
    ) -> Result<()> {
        let bound = self.core.ask("queue_bind", || {
            let name = short(QUEUE, queue)?;
            let (from, key, arguments) = binding(exchange, routing_key, arguments)?;
            let options = QueueBindOptions::default();
            Ok(self.core.channel.queue_bind(name, from, key, options, arguments))
        });
        bound.map_err(|error| error.with("queue", queue).with("exchange", exchange))
    }

    /// Takes such a binding away: pika's `queue_unbind`.
    ///
    /// # Errors
    /// `Undeliverable` when one of them does not exist; those of [every operation](super#errors).
    pub fn queue_unbind(
        &self,
        queue: &str,
        exchange: &str,
        routing_key: &str,
        arguments: &Arguments,
    ) -> Result<()> {
        let unbound = self.core.ask("queue_unbind", || {
            let name = short(QUEUE, queue)?;
            let (from, key, arguments) = binding(exchange, routing_key, arguments)?;
            Ok(self.core.channel.queue_unbind(name, from, key, arguments))
        });
        unbound.map_err(|error| error.with("queue", queue).with("exchange", exchange))
    }

    /// Removes the messages that wait in a queue, and returns how many there were: pika's
    /// `queue_purge`.
    ///
    /// # Errors
    /// `Undeliverable` when it does not exist; those of [every operation](super#errors).
    pub fn queue_purge(&self, queue: &str) -> Result<u32> {
        let purged = self.core.ask("queue_purge", || {
            Ok(self.core.channel.queue_purge(short(QUEUE, queue)?, QueuePurgeOptions::default()))
        });
        purged.map_err(|error| error.with("queue", queue))
    }

    /// Deletes a queue, and returns how many messages were in it: pika's `queue_delete`. With
    /// `if_unused` only one without consumers, with `if_empty` only one without messages; one
    /// that does not exist is no error.
    ///
    /// # Errors
    /// `Refused` when it is used, or not empty; those of [every operation](super#errors).
    pub fn queue_delete(&self, queue: &str, if_unused: bool, if_empty: bool) -> Result<u32> {
        let options = QueueDeleteOptions { if_unused, if_empty, nowait: false };
        let deleted = self.core.ask("queue_delete", || {
            Ok(self.core.channel.queue_delete(short(QUEUE, queue)?, options))
        });
        deleted.map_err(|error| error.with("queue", queue))
    }
}

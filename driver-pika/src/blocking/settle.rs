use std::sync::atomic::Ordering;

use busway_core::{Error, Result};
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicGetOptions, BasicNackOptions, BasicQosOptions,
    BasicRecoverOptions, BasicRejectOptions,
};

use super::arguments::{QUEUE, short};
use super::channel::Core;
use super::{BlockingChannel, Delivery};

/// Taking messages one by one, and settling them.
impl BlockingChannel {
    /// Takes one message from a queue, or none if it is empty: pika's `basic_get`. With `auto_ack`
    /// the broker forgets it at once.
    ///
    /// # Errors
    /// `Undeliverable` when the queue does not exist; those of [every operation](super#errors).
    pub fn basic_get(&self, queue: &str, auto_ack: bool) -> Result<Option<Delivery>> {
        let options = BasicGetOptions { no_ack: auto_ack };
        let got = self
            .core
            .ask("basic_get", || Ok(self.core.channel.basic_get(short(QUEUE, queue)?, options)));
        let message = got.map_err(|error| error.with("queue", queue))?;
        Ok(message.map(|message| {
            let message_count = Some(message.message_count);
            self.core.hand_over(message.delivery.delivery_tag);
            Delivery { message_count, ..Delivery::new(message.delivery) }
        }))
    }

    /// How many unacknowledged messages each consumer that starts from now on is given at a time,
    /// or all of the channel's together (`global`); 0 for any number: pika's `basic_qos`.
    ///
    /// # Errors
    /// Those of [every operation](super#errors).
    pub fn basic_qos(&self, prefetch_count: u16, global: bool) -> Result<()> {
        let options = BasicQosOptions { global };
        self.core.ask("basic_qos", || Ok(self.core.channel.basic_qos(prefetch_count, options)))
    }

    /// Acknowledges a message, or all up to it (`multiple`): pika's `basic_ack`. As there, tag 0
    /// with `multiple` stands for all that was handed over.
    ///
    /// The broker does not answer: a tag that it does not know closes the channel, which the next
    /// operation tells.
    ///
    /// # Errors
    /// Those of [every operation](super#errors).
    pub fn basic_ack(&self, delivery_tag: u64, multiple: bool) -> Result<()> {
        let Some(tag) = self.core.up_to(delivery_tag, multiple) else { return self.core.check() };
        let options = BasicAckOptions { multiple };
        self.core.ask("basic_ack", || Ok(self.core.channel.basic_ack(tag, options)))
    }

    /// Gives a message, or all up to it (`multiple`), back to the queue (`requeue`), or drops it:
    /// pika's `basic_nack`. For tag 0 and unknown ones, see [`basic_ack`](Self::basic_ack).
    ///
    /// # Errors
    /// Those of [every operation](super#errors).
    pub fn basic_nack(&self, delivery_tag: u64, multiple: bool, requeue: bool) -> Result<()> {
        let Some(tag) = self.core.up_to(delivery_tag, multiple) else { return self.core.check() };
        let options = BasicNackOptions { multiple, requeue };
        self.core.ask("basic_nack", || Ok(self.core.channel.basic_nack(tag, options)))
    }

    /// Gives one message back to the queue (`requeue`), or drops it: pika's `basic_reject`. For
    /// unknown tags, see [`basic_ack`](Self::basic_ack).
    ///
    /// # Errors
    /// Those of [every operation](super#errors).
    pub fn basic_reject(&self, delivery_tag: u64, requeue: bool) -> Result<()> {
        let options = BasicRejectOptions { requeue };
        self.core.ask("basic_reject", || Ok(self.core.channel.basic_reject(delivery_tag, options)))
    }

    /// Gives everything that was taken on this channel and not acknowledged back to its queues:
    /// pika's `basic_recover(requeue=True)`.
    ///
    /// # Errors
    /// `Unsupported` without `requeue`: RabbitMQ does not do that; those of
    /// [every operation](super#errors).
    pub fn basic_recover(&self, requeue: bool) -> Result<()> {
        if !requeue {
            let message = "RabbitMQ does not give messages to the same consumer again";
            return Err(Error::unsupported(message).attempted("basic_recover"));
        }
        let options = BasicRecoverOptions { requeue };
        self.core.ask("basic_recover", || Ok(self.core.channel.basic_recover(options)))
    }

    /// Ends a consumer by its tag: pika's `basic_cancel`. What it was given already can still be
    /// taken from it. An unknown tag is no error.
    ///
    /// # Errors
    /// Those of [every operation](super#errors).
    pub fn basic_cancel(&self, consumer_tag: &str) -> Result<()> {
        self.core.cancel(consumer_tag)
    }
}

impl Core {
    pub(super) fn hand_over(&self, delivery_tag: u64) {
        self.handed_over.fetch_max(delivery_tag, Ordering::AcqRel);
    }

    /// The tag to settle: in place of 0 for all, the last that was handed over, since the broker
    /// may have sent more by now.
    fn up_to(&self, delivery_tag: u64, multiple: bool) -> Option<u64> {
        if delivery_tag != 0 || !multiple {
            return Some(delivery_tag);
        }
        Some(self.handed_over.load(Ordering::Acquire)).filter(|tag| *tag != 0)
    }

    pub(super) fn cancel(&self, consumer_tag: &str) -> Result<()> {
        self.ask("basic_cancel", || {
            let tag = short("a consumer's tag", consumer_tag)?;
            Ok(self.channel.basic_cancel(tag, BasicCancelOptions::default()))
        })
    }
}

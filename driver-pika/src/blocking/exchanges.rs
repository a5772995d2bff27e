use busway_core::Result;
use lapin::ExchangeKind;
use lapin::options::{
    ExchangeBindOptions, ExchangeDeclareOptions, ExchangeDeleteOptions, ExchangeUnbindOptions,
};

use super::BlockingChannel;
use super::arguments::{Arguments, EXCHANGE, binding, short, table};

/// How an exchange is declared: the arguments of pika's `exchange_declare`.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "they are those of AMQP, told apart by name")]
pub struct ExchangeDeclare {
    /// `direct` (by default), `fanout`, `topic`, `headers`, or a plugin's own.
    pub exchange_type: String,
    /// Only asks whether it exists.
    pub passive: bool,
    /// Whether it survives a restart of the broker.
    pub durable: bool,
    /// Whether it is deleted with its last binding.
    pub auto_delete: bool,
    /// Whether only other exchanges can publish to it.
    pub internal: bool,
    /// Arguments such as `alternate-exchange`.
    pub arguments: Arguments,
}

impl Default for ExchangeDeclare {
    fn default() -> Self {
        Self {
            exchange_type: "direct".to_owned(),
            passive: false,
            durable: false,
            auto_delete: false,
            internal: false,
            arguments: Arguments::new(),
        }
    }
}

/// Exchanges.
impl BlockingChannel {
    /// Declares an exchange: pika's `exchange_declare`.
    ///
    /// ```no_run
    /// # use busway_driver_pika::blocking::{BlockingConnection, ExchangeDeclare};
    /// # let channel = BlockingConnection::open_url("amqp://localhost/")?.channel()?;
    /// let topic = ExchangeDeclare { exchange_type: "topic".into(), ..Default::default() };
    /// channel.exchange_declare("news", &topic)?;
    /// # Ok::<(), busway_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Refused` when it was declared otherwise, or without permission; `Undeliverable` when it
    /// was asked for (`passive`) and is not there; those of [every operation](super#errors).
    pub fn exchange_declare(&self, exchange: &str, declare: &ExchangeDeclare) -> Result<()> {
        let options = ExchangeDeclareOptions {
            passive: declare.passive,
            durable: declare.durable,
            auto_delete: declare.auto_delete,
            internal: declare.internal,
            nowait: false,
        };
        let declared = self.core.ask("exchange_declare", || {
            short("an exchange's type", &declare.exchange_type)?;
            let kind = ExchangeKind::Custom(declare.exchange_type.clone());
            let (name, arguments) = (short(EXCHANGE, exchange)?, table(&declare.arguments)?);
            Ok(self.core.channel.exchange_declare(name, kind, options, arguments))
        });
        declared.map_err(|error| error.with("exchange", exchange))
    }

    /// Deletes an exchange, or only one without bindings (`if_unused`): pika's `exchange_delete`.
    /// One that does not exist is no error.
    ///
    /// # Errors
    /// `Refused` when it is used; those of [every operation](super#errors).
    pub fn exchange_delete(&self, exchange: &str, if_unused: bool) -> Result<()> {
        let options = ExchangeDeleteOptions { if_unused, nowait: false };
        let deleted = self.core.ask("exchange_delete", || {
            Ok(self.core.channel.exchange_delete(short(EXCHANGE, exchange)?, options))
        });
        deleted.map_err(|error| error.with("exchange", exchange))
    }

    /// Lets what reaches one exchange (`source`) reach another one: pika's `exchange_bind`.
    ///
    /// # Errors
    /// `Undeliverable` when one of them does not exist; those of [every operation](super#errors).
    pub fn exchange_bind(
        &self,
        destination: &str,
        source: &str,
        routing_key: &str,
        arguments: &Arguments,
    ) -> Result<()> {
        let bound = self.core.ask("exchange_bind", || {
            let to = short(EXCHANGE, destination)?;
            let (from, key, arguments) = binding(source, routing_key, arguments)?;
            let options = ExchangeBindOptions::default();
            Ok(self.core.channel.exchange_bind(to, from, key, options, arguments))
        });
        bound.map_err(|error| error.with("destination", destination).with("source", source))
    }

    /// Takes such a binding away: pika's `exchange_unbind`.
    ///
    /// # Errors
    /// Those of [every operation](super#errors).
    pub fn exchange_unbind(
        &self,
        destination: &str,
        source: &str,
        routing_key: &str,
        arguments: &Arguments,
    ) -> Result<()> {
        let unbound = self.core.ask("exchange_unbind", || {
            let to = short(EXCHANGE, destination)?;
            let (from, key, arguments) = binding(source, routing_key, arguments)?;
            let options = ExchangeUnbindOptions::default();
            Ok(self.core.channel.exchange_unbind(to, from, key, options, arguments))
        });
        unbound.map_err(|error| error.with("destination", destination).with("source", source))
    }
}

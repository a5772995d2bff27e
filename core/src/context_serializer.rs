//! The hook between a service's own context and what travels of it.

use std::fmt;

use serde_json::{Map, Value};

use crate::{Context, Result};

/// Turns a context into the values that travel, and back: the context part of oslo.messaging's
/// `Serializer`.
///
/// Clients and notifiers serialize; servers and listeners deserialize. Use it to leave out what
/// must not travel, to add what every message shall carry, or to translate names.
///
/// # Behavior
/// The deadline of a context is no value: it travels by itself, and a receiver sets it anew on
/// what [`deserialize`](Self::deserialize) returned.
///
/// ```
/// use busway_core::{Context, ContextSerializer, Result, Value};
/// use serde_json::Map;
///
/// /// Names the service in every message.
/// #[derive(Debug)]
/// struct Named(&'static str);
///
/// impl ContextSerializer for Named {
///     fn serialize(&self, context: &Context) -> Result<Map<String, Value>> {
///         Ok(context.clone().with("service", self.0).into_values())
///     }
///
///     fn deserialize(&self, values: Map<String, Value>) -> Result<Context> {
///         Ok(values.into())
///     }
/// }
///
/// let values = Named("shop").serialize(&Context::new())?;
/// assert_eq!(values["service"], "shop");
/// # Ok::<(), busway_core::Error>(())
/// ```
pub trait ContextSerializer: fmt::Debug + Send + Sync + 'static {
    /// The values that travel for a context.
    ///
    /// # Errors
    /// [`ErrorKind::Serialization`](crate::ErrorKind::Serialization) when the context lacks or
    /// holds what it must not: nothing is sent then.
    fn serialize(&self, context: &Context) -> Result<Map<String, Value>>;

    /// The context for values that have travelled.
    ///
    /// # Errors
    /// [`ErrorKind::Serialization`](crate::ErrorKind::Serialization) when the values make no
    /// context: the message is refused then.
    fn deserialize(&self, values: Map<String, Value>) -> Result<Context>;
}

/// Passes every value as it is: oslo.messaging's `NoOpSerializer`, and the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoOpContextSerializer;

impl ContextSerializer for NoOpContextSerializer {
    fn serialize(&self, context: &Context) -> Result<Map<String, Value>> {
        Ok(context.values().clone())
    }

    fn deserialize(&self, values: Map<String, Value>) -> Result<Context> {
        Ok(values.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_passes_every_value_and_no_deadline() {
        let now = tokio::time::Instant::now();
        let context = Context::new().with("a", 1).with_deadline(Some(now));
        let values = NoOpContextSerializer.serialize(&context).expect("values");
        let back = NoOpContextSerializer.deserialize(values).expect("a context");
        assert_eq!(back, Context::new().with("a", 1));
    }
}

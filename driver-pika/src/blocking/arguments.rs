use busway_core::{Error, ErrorKind, Result};
use lapin::types::{AMQPValue, FieldArray, FieldTable, ShortString};
use serde_json::{Map, Value};

/// Arguments of declarations, and headers: pika's dictionaries.
///
/// Numbers are sent as 32-bit integers where they fit, else as 64-bit ones, or as doubles. What
/// JSON does not have is read as what is nearest: a timestamp is its seconds, bytes are an array
/// of numbers, a decimal is a double.
pub type Arguments = Map<String, Value>;

/// What is named where it is too long.
pub(super) const EXCHANGE: &str = "an exchange's name";
pub(super) const QUEUE: &str = "a queue's name";
pub(super) const KEY: &str = "a routing key";

/// A name, or another text that is short in AMQP.
pub(super) fn short(what: &'static str, text: &str) -> Result<ShortString> {
    ShortString::try_new(text).map_err(|error| {
        let message = format!("{what} is longer than 255 bytes");
        Error::new(ErrorKind::InvalidArgument, message).because(error)
    })
}

/// What a binding has beside the one that is bound: the exchange it is bound to, the key, and the
/// arguments.
pub(super) fn binding(
    exchange: &str,
    routing_key: &str,
    arguments: &Arguments,
) -> Result<(ShortString, ShortString, FieldTable)> {
    Ok((short(EXCHANGE, exchange)?, short(KEY, routing_key)?, table(arguments)?))
}

pub(super) fn table(arguments: &Arguments) -> Result<FieldTable> {
    let mut table = FieldTable::default();
    for (name, value) in arguments {
        table.insert(short("an argument's name", name)?, amqp(value)?);
    }
    Ok(table)
}

fn amqp(value: &Value) -> Result<AMQPValue> {
    Ok(match value {
        Value::Null => AMQPValue::Void,
        Value::Bool(it) => AMQPValue::Boolean(*it),
        Value::String(text) => AMQPValue::LongString(text.as_str().into()),
        Value::Object(entries) => AMQPValue::FieldTable(table(entries)?),
        Value::Array(items) => {
            let items: Result<Vec<_>> = items.iter().map(amqp).collect();
            AMQPValue::FieldArray(FieldArray::from(items?))
        }
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(it), _) => {
                i32::try_from(it).map_or(AMQPValue::LongLongInt(it), AMQPValue::LongInt)
            }
            (None, Some(it)) if number.is_f64() => AMQPValue::Double(it),
            _ => {
                let message = format!("{number} is larger than any integer of AMQP");
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
        },
    })
}

pub(super) fn arguments(table: &FieldTable) -> Arguments {
    table.inner().iter().map(|(name, value)| (name.to_string(), json(value))).collect()
}

fn json(value: &AMQPValue) -> Value {
    match value {
        AMQPValue::Boolean(it) => (*it).into(),
        AMQPValue::ShortShortInt(it) => (*it).into(),
        AMQPValue::ShortShortUInt(it) => (*it).into(),
        AMQPValue::ShortInt(it) => (*it).into(),
        AMQPValue::ShortUInt(it) => (*it).into(),
        AMQPValue::LongInt(it) => (*it).into(),
        AMQPValue::LongUInt(it) => (*it).into(),
        AMQPValue::LongLongInt(it) => (*it).into(),
        AMQPValue::Timestamp(it) => (*it).into(),
        AMQPValue::Float(it) => (*it).into(),
        AMQPValue::Double(it) => (*it).into(),
        AMQPValue::DecimalValue(it) => {
            (f64::from(it.value) / 10_f64.powi(i32::from(it.scale))).into()
        }
        AMQPValue::ShortString(text) => text.as_str().into(),
        AMQPValue::LongString(text) => String::from_utf8_lossy(text.as_bytes()).into(),
        AMQPValue::FieldArray(items) => items.as_slice().iter().map(json).collect(),
        AMQPValue::FieldTable(entries) => arguments(entries).into(),
        AMQPValue::ByteArray(bytes) => bytes.as_slice().into(),
        AMQPValue::Void => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Arguments {
        serde_json::from_value(value).expect("an object")
    }

    #[test]
    fn what_json_has_comes_back_as_it_was() {
        let sent = object(json!({
            "x-max-length": 1, "far": 1_i64 << 40, "part": 0.5, "no": null, "yes": true,
            "list": ["a", { "b": -1 }], "text": "ü",
        }));
        assert_eq!(arguments(&table(&sent).expect("a table")), sent);
    }

    #[test]
    fn integers_are_as_small_as_brokers_expect_them() {
        let table = table(&object(json!({ "a": 5, "b": 1_i64 << 40 }))).expect("a table");
        assert_eq!(table.inner().get("a"), Some(&AMQPValue::LongInt(5)));
        assert_eq!(table.inner().get("b"), Some(&AMQPValue::LongLongInt(1 << 40)));
    }

    #[test]
    fn what_amqp_does_not_have_is_refused() {
        let long = "x".repeat(256);
        for wrong in [json!({ "a": [u64::MAX] }), json!({ long: 1 })] {
            let error = table(&object(wrong)).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        }
    }
}

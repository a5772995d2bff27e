//! How a value that was said becomes the value an option takes.

use serde_json::{Map, Number, Value};

use super::nearest::nearest;
use super::shape::{Bounds, Kind, Shape};

/// What was expected instead, to say after "expected".
type Expected = String;

/// A text of an INI file, the environment or a URL. All that were said when a key was repeated.
pub(super) fn from_texts(shape: &Shape, texts: &[String]) -> Result<Value, Expected> {
    match &shape.kind {
        Kind::List { item, multi } => {
            let first = if *multi { 0 } else { texts.len().saturating_sub(1) };
            let items = texts[first..].iter().flat_map(|text| items(text));
            items.map(|text| from_text(item, text)).collect()
        }
        _ => from_text(shape, texts.last().map_or("", String::as_str)),
    }
}

fn from_text(shape: &Shape, text: &str) -> Result<Value, Expected> {
    if let Kind::Text = shape.kind {
        return Ok(Value::from(text));
    }
    let text = text.trim();
    if text.is_empty() && shape.nullable {
        return Ok(Value::Null);
    }
    let value = match &shape.kind {
        Kind::Text => Some(Value::from(text)),
        Kind::Integer(bounds) => integer(text).filter(|number| bounds.allow(number)),
        Kind::Number(bounds) | Kind::Seconds(bounds) => {
            number(text).filter(|number| bounds.allow(number))
        }
        Kind::Boolean => boolean(text),
        Kind::Choice(names) => choice(names, text),
        Kind::List { item, .. } => {
            let items = items(text).map(|text| from_text(item, text));
            return items.collect();
        }
        Kind::Map(item) => return map(item, text),
    };
    value.ok_or_else(|| expected(&shape.kind, text))
}

/// A value of a file whose format knows types. A text in it is read as one of an INI file, since
/// a reference to another option is always written as a text.
pub(super) fn from_typed(shape: &Shape, value: &Value) -> Result<Value, Expected> {
    let taken = match (&shape.kind, value) {
        (_, Value::Null) => return Ok(Value::Null),
        (_, Value::String(text)) => return from_text(shape, text),
        (Kind::Boolean, Value::Bool(_)) => Some(value.clone()),
        (Kind::Integer(bounds), Value::Number(number)) => {
            (!number.is_f64() && bounds.allow(value)).then(|| value.clone())
        }
        (Kind::Number(bounds) | Kind::Seconds(bounds), Value::Number(_)) => {
            bounds.allow(value).then(|| value.clone())
        }
        (Kind::List { item, .. }, Value::Array(items)) => {
            return items.iter().map(|value| from_typed(item, value)).collect();
        }
        (Kind::Map(item), Value::Object(pairs)) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| from_typed(item, value).map(|value| (key.clone(), value)));
            return pairs.collect::<Result<Map<_, _>, _>>().map(Value::Object);
        }
        _ => None,
    };
    taken.ok_or_else(|| expected(&shape.kind, ""))
}

/// The items of a list that is written as a text, with commas.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// oslo.config's dictionaries: `key:value,key:value`.
fn map(item: &Shape, text: &str) -> Result<Value, Expected> {
    let mut pairs = Map::new();
    for pair in items(text) {
        let Some((key, value)) = pair.split_once(':') else {
            return Err("pairs such as key:value,key:value".to_owned());
        };
        pairs.insert(key.trim().to_owned(), from_text(item, value.trim())?);
    }
    Ok(Value::Object(pairs))
}

fn integer(text: &str) -> Option<Value> {
    let signed = || text.parse::<i64>().ok().map(Value::from);
    text.parse::<u64>().ok().map(Value::from).or_else(signed)
}

fn number(text: &str) -> Option<Value> {
    let number = text.parse::<f64>().ok().and_then(Number::from_f64);
    number.map(Value::Number)
}

/// oslo.config's words.
fn boolean(text: &str) -> Option<Value> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(Value::Bool(true)),
        "false" | "no" | "off" | "0" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// One of the names, in their own case or another.
fn choice(names: &[String], text: &str) -> Option<Value> {
    let exact = names.iter().find(|name| *name == text);
    let name = exact.or_else(|| names.iter().find(|name| name.eq_ignore_ascii_case(text)));
    name.map(|name| Value::from(name.as_str()))
}

fn expected(kind: &Kind, text: &str) -> Expected {
    match kind {
        Kind::Text => "a text".to_owned(),
        Kind::Integer(bounds) => format!("a whole number{}", bounds.words()),
        Kind::Number(bounds) => format!("a number{}", bounds.words()),
        Kind::Seconds(bounds) => format!("a number of seconds{}", bounds.words()),
        Kind::Boolean => "true or false (or yes, no, on, off, 1, 0)".to_owned(),
        Kind::List { .. } => "a list".to_owned(),
        Kind::Map(_) => "pairs of a key and a value".to_owned(),
        Kind::Choice(names) => {
            let hint = nearest(text, names.iter().map(String::as_str));
            let hint = hint.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
            format!("one of {}{hint}", names.join(", "))
        }
    }
}

impl Bounds {
    fn allow(&self, number: &Value) -> bool {
        let number = number.as_f64().unwrap_or(f64::NAN);
        self.least.is_none_or(|least| number >= least)
            && self.greatest.is_none_or(|greatest| number <= greatest)
    }

    /// The bounds to say after "a number".
    fn words(&self) -> String {
        match (self.least, self.greatest) {
            (Some(least), Some(greatest)) => format!(" from {least} to {greatest}"),
            (Some(least), None) => format!(" from {least} up"),
            (None, Some(greatest)) => format!(" up to {greatest}"),
            (None, None) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape(schema: &Value) -> Shape {
        Shape::of(schema)
    }

    #[track_caller]
    fn reads(schema: &Value, text: &str, value: &Value) {
        assert_eq!(from_texts(&shape(schema), &[text.to_owned()]).as_ref(), Ok(value), "{text}");
    }

    #[track_caller]
    fn refuses(schema: &Value, text: &str, expected: &str) {
        let error = from_texts(&shape(schema), &[text.to_owned()]).expect_err(text);
        assert!(error.contains(expected), "{text}: {error}");
    }

    #[test]
    fn a_text_of_digits_stays_a_text() {
        reads(&json!({ "type": "string" }), " 007 ", &json!(" 007 "));
        reads(&json!({ "type": ["string", "null"] }), "true", &json!("true"));
    }

    #[test]
    fn booleans_are_oslo_configs_words() {
        let schema = json!({ "type": "boolean" });
        for text in ["true", "True", "YES", "on", "1"] {
            reads(&schema, text, &json!(true));
        }
        for text in ["false", "False", "NO", "off", "0"] {
            reads(&schema, text, &json!(false));
        }
        refuses(&schema, "2", "true or false");
    }

    #[test]
    fn numbers_keep_to_their_bounds() {
        let schema = json!({ "type": "integer", "minimum": 1, "maximum": 9 });
        reads(&schema, " 9 ", &json!(9));
        for text in ["0", "10", "1.5", "", "nine", "99999999999999999999"] {
            refuses(&schema, text, "a whole number from 1 to 9");
        }
        let schema = json!({ "type": "number", "format": "seconds", "minimum": 0 });
        reads(&schema, "0.25", &json!(0.25));
        for text in ["-1", "inf", "NaN", "1s"] {
            refuses(&schema, text, "a number of seconds from 0 up");
        }
        reads(&json!({ "type": ["integer", "null"] }), "", &Value::Null);
        let largest = u64::MAX.to_string();
        reads(&json!({ "type": "integer" }), &largest, &json!(u64::MAX));
        reads(&json!({ "type": "integer" }), "-3", &json!(-3));
    }

    #[test]
    fn lists_are_written_with_commas() {
        let schema = json!({ "type": "array", "items": { "type": "integer" } });
        reads(&schema, " 1, 2,\n3,", &json!([1, 2, 3]));
        reads(&schema, "", &json!([]));
        refuses(&schema, "1,x", "a whole number");
    }

    #[test]
    fn a_repeated_key_adds_to_a_multi_list_and_replaces_another() {
        let said = ["a,b".to_owned(), "c".to_owned()];
        let list = json!({ "type": "array", "items": { "type": "string" } });
        let multi = json!({ "type": "array", "items": { "type": "string" }, "x-multi": true });
        assert_eq!(from_texts(&shape(&list), &said), Ok(json!(["c"])));
        assert_eq!(from_texts(&shape(&multi), &said), Ok(json!(["a", "b", "c"])));
        assert_eq!(from_texts(&shape(&json!({ "type": "string" })), &said), Ok(json!("c")));
    }

    #[test]
    fn maps_are_pairs_with_colons() {
        let schema = json!({ "type": "object", "additionalProperties": { "type": "string" } });
        reads(&schema, "a: 1, b:x:y", &json!({ "a": "1", "b": "x:y" }));
        refuses(&schema, "a", "key:value");
    }

    #[test]
    fn a_choice_is_taken_in_any_case_and_suggested_when_near() {
        let schema = json!({ "enum": ["round-robin", "shuffle"] });
        reads(&schema, "Shuffle", &json!("shuffle"));
        refuses(&schema, "shufle", "one of round-robin, shuffle (did you mean shuffle?)");
    }

    #[test]
    fn a_typed_value_must_have_the_type_or_be_a_text_of_it() {
        let integer = shape(&json!({ "type": "integer", "minimum": 0 }));
        assert_eq!(from_typed(&integer, &json!(3)), Ok(json!(3)));
        assert_eq!(from_typed(&integer, &json!("3")), Ok(json!(3)));
        for value in [json!(3.0), json!(-1), json!(true), json!([3])] {
            assert!(from_typed(&integer, &value).is_err(), "{value}");
        }
        let text = shape(&json!({ "type": "string" }));
        assert!(from_typed(&text, &json!(1.10)).is_err());
        let list = shape(&json!({ "type": "array", "items": { "type": "boolean" } }));
        assert_eq!(from_typed(&list, &json!([true, "no"])), Ok(json!([true, false])));
    }
}

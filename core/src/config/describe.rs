use std::fmt;

use schemars::generate::SchemaSettings;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::resolve::Checker;
use super::shape::{Shape, is_secret};
use super::{OptionInfo, Options};
use crate::url::looks_secret;

/// The options of a section, from its options struct, in the order of its fields.
///
/// ```
/// use busway_core::config::{self, CoreOptions};
///
/// let options = config::describe::<CoreOptions>();
/// let timeout = options.iter().find(|option| option.name == "rpc_response_timeout").unwrap();
/// assert_eq!(timeout.kind, "seconds");
/// assert_eq!(timeout.default.as_deref(), Some("60"));
/// ```
#[must_use]
pub fn describe<T: Options>() -> Vec<OptionInfo> {
    let settings = SchemaSettings::draft2020_12().with(|it| it.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    let fields = &schema["properties"];
    let infos = defaults::<T>().into_iter().map(|(name, default)| {
        let field = &fields[&name];
        let shape = Shape::of(field);
        let secret = is_secret(field) || looks_secret(&name);
        OptionInfo {
            section: T::SECTION,
            kind: shape.kind.to_string(),
            default: to_text(&default).filter(|_| !secret),
            text: unwrap_lines(field["description"].as_str().unwrap_or_default()),
            secret,
            shape,
            checker: Checker::of::<T>(),
            name,
        }
    });
    infos.collect()
}

/// A doc comment without the line breaks of its source; paragraphs and list items stay.
fn unwrap_lines(text: &str) -> String {
    let mut unwrapped = String::new();
    for line in text.lines() {
        let line = line.trim();
        let begins = line.is_empty() || line.starts_with("- ") || unwrapped.ends_with('\n');
        if !unwrapped.is_empty() {
            unwrapped.push(if begins { '\n' } else { ' ' });
        }
        unwrapped.push_str(line);
    }
    unwrapped
}

/// The default of each option, in the order of the struct's fields.
///
/// Written as JSON and read again, because a JSON map in memory would not keep the order.
fn defaults<T: Options>() -> Vec<(String, Value)> {
    let json = serde_json::to_string(&T::default()).unwrap_or_default();
    serde_json::from_str::<Ordered>(&json).unwrap_or_default().0
}

#[derive(Default)]
struct Ordered(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the fields of an options struct")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Ordered(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// A value as a configuration file would say it; `None` for none.
pub(super) fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) => Some(value.to_string()),
        // 60.0 is written 60.
        Value::Number(number) => Some(match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => float.to_string(),
            None => number.to_string(),
        }),
        Value::Array(items) => Some(items.iter().filter_map(to_text).collect::<Vec<_>>().join(",")),
        Value::Object(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| format!("{key}:{}", to_text(value).unwrap_or_default()));
            Some(pairs.collect::<Vec<_>>().join(","))
        }
    }
}

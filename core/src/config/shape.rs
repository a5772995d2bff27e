use std::fmt;

use serde_json::Value;

/// What the value of an option is, as its schema says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    /// Whether the option may be without a value.
    pub(super) nullable: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Text,
    Integer(Bounds),
    Number(Bounds),
    Seconds(Bounds),
    Boolean,
    Choice(Vec<String>),
    List {
        item: Box<Shape>,
        /// Whether a repeated key adds to the list.
        multi: bool,
    },
    Map(Box<Shape>),
}

/// The least and the greatest number, as the schema says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bounds {
    pub(super) least: Option<f64>,
    pub(super) greatest: Option<f64>,
}

impl Shape {
    /// The shape that a schema tells of; text where it tells nothing.
    pub(super) fn of(schema: &Value) -> Self {
        let nullable = types(schema).any(|name| name == "null");
        if let Some(variants) = variants(schema) {
            let nullable = nullable || variants.iter().any(is_null);
            return match variants.iter().find(|variant| !is_null(variant)) {
                Some(only) if variants.len() == 2 && nullable => {
                    Self { nullable: true, ..Self::of(only) }
                }
                _ => Self { kind: Kind::Text, nullable },
            };
        }
        Self { kind: Kind::of(schema), nullable }
    }
}

impl Kind {
    fn of(schema: &Value) -> Self {
        if let Some(names) = choices(schema) {
            return Self::Choice(names);
        }
        let bounds =
            || Bounds { least: schema["minimum"].as_f64(), greatest: schema["maximum"].as_f64() };
        match types(schema).find(|name| *name != "null") {
            Some("integer") => Self::Integer(bounds()),
            Some("number") if schema["format"] == "seconds" => Self::Seconds(bounds()),
            Some("number") => Self::Number(bounds()),
            Some("boolean") => Self::Boolean,
            Some("array") => Self::List {
                item: Box::new(Shape::of(&schema["items"])),
                multi: schema["x-multi"] == true,
            },
            Some("object") => Self::Map(Box::new(Shape::of(&schema["additionalProperties"]))),
            _ => Self::Text,
        }
    }
}

impl fmt::Display for Kind {
    /// The word of [`OptionInfo::kind`](super::OptionInfo::kind).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "string",
            Self::Integer(_) => "integer",
            Self::Number(_) => "number",
            Self::Seconds(_) => "seconds",
            Self::Boolean => "boolean",
            Self::List { .. } => "list",
            Self::Map(_) => "map",
            Self::Choice(names) => return f.write_str(&names.join("|")),
        })
    }
}

/// Whether a schema is that of something that must not be shown, or holds such things.
pub(super) fn is_secret(schema: &Value) -> bool {
    let inner = [&schema["items"], &schema["additionalProperties"]];
    schema["writeOnly"] == true
        || schema["format"] == "password"
        || inner.into_iter().any(|inner| inner.is_object() && is_secret(inner))
        || variants(schema).is_some_and(|variants| variants.iter().any(is_secret))
}

/// The names of `type`, which is one or a list.
fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let one = schema["type"].as_str();
    let several = schema["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(several)
}

fn variants(schema: &Value) -> Option<&Vec<Value>> {
    schema["anyOf"].as_array()
}

fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}

/// The names of an enum: `enum: [a, b]`, or `oneOf: [{const: a}, …]` when they are documented.
fn choices(schema: &Value) -> Option<Vec<String>> {
    let names: Vec<&Value> = match (schema["enum"].as_array(), schema["oneOf"].as_array()) {
        (Some(names), _) => names.iter().filter(|name| !name.is_null()).collect(),
        (None, Some(variants)) => variants.iter().flat_map(variant_names).collect(),
        (None, None) => return None,
    };
    names.into_iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

/// The names of one variant; a null, which is no text, when it has none.
fn variant_names(variant: &Value) -> Vec<&Value> {
    match variant["enum"].as_array() {
        Some(names) => names.iter().collect(),
        None => vec![&variant["const"]],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_optional_enum_is_a_choice_that_may_be_without_a_value() {
        let documented = json!({ "anyOf": [
            { "oneOf": [{ "const": "one" }, { "enum": ["two", "three"] }] },
            { "type": "null" },
        ] });
        let plain = json!({ "enum": ["one", "two", "three", null], "type": ["string", "null"] });
        for schema in [documented, plain] {
            let shape = Shape::of(&schema);
            assert!(shape.nullable, "{schema}");
            assert_eq!(shape.kind.to_string(), "one|two|three", "{schema}");
        }
    }

    #[test]
    fn what_holds_a_secret_is_secret() {
        let secret = json!({ "type": "string", "writeOnly": true });
        assert!(is_secret(&json!({ "type": "array", "items": secret })));
        assert!(is_secret(&json!({ "type": "object", "additionalProperties": secret })));
        assert!(is_secret(&json!({ "anyOf": [secret, { "type": "null" }] })));
        assert!(!is_secret(&json!({ "type": "array", "items": { "type": "string" } })));
    }
}

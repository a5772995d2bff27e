//! The top-level entries of a body, read in one pass and without a tree.

use std::borrow::Cow;
use std::fmt;

use busway_core::{Error, ErrorKind, Payload, Result};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The entries of a JSON object, each value still text.
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads the entries of a body.
    pub(crate) fn of(body: &'a Payload) -> Result<Self> {
        body.borrow()
    }

    /// The value of an entry; `null` counts as none.
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().rev().find(|(name, _)| name == key);
        found.map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    /// The value of an entry that is text.
    pub(crate) fn text(&self, key: &str) -> Result<Option<String>> {
        self.parsed(key)
    }

    /// The value of an entry as a type.
    pub(crate) fn parsed<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.get(key).map(|value| parse(key, value)).transpose()
    }

    /// The value of an entry that must be there.
    pub(crate) fn required<T: DeserializeOwned>(&self, key: &str) -> Result<T> {
        self.parsed(key)?
            .ok_or_else(|| Error::new(ErrorKind::Serialization, format!("the body has no '{key}'")))
    }

    /// The value of an entry as a document of its own.
    pub(crate) fn document(&self, key: &str) -> Payload {
        self.get(key).map_or_else(Payload::null, Payload::from)
    }

    /// All entries.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), *value))
    }
}

/// Reads a value; the error names its key.
pub(crate) fn parse<T: DeserializeOwned>(key: &str, value: &RawValue) -> Result<T> {
    serde_json::from_str(value.get())
        .map_err(|error| Error::new(ErrorKind::Serialization, format!("'{key}': {error}")))
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::with_capacity(8);
                while let Some((Key(key), value)) = map.next_entry()? {
                    entries.push((key, value));
                }
                Ok(entries)
            }
        }

        deserializer.deserialize_map(Entries).map(Fields)
    }
}

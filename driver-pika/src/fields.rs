//! The top-level entries of a body: read in one pass, written without looking at what is JSON
//! already.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use busway_core::{Error, ErrorKind, Payload, Result};
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// What is read from the entries of a JSON object. Where a key comes twice, the last one counts;
/// `null` counts as nothing.
pub(crate) trait Fields<'a>: Default {
    /// Takes an entry, whatever its key.
    fn take<M: MapAccess<'a>>(&mut self, entry: Entry<'_, M>) -> Result<(), M::Error>;
}

/// One entry: its key is read, its value is next.
pub(crate) struct Entry<'e, M> {
    pub(crate) key: &'e str,
    map: &'e mut M,
}

/// A text of a body, borrowed where it stands there as it is.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Reads the entries of a body.
pub(crate) fn read<'a, F: Fields<'a>>(json: &'a str) -> Result<F> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let read = reader.deserialize_map(Entries(PhantomData));
    let read = read.and_then(|fields| reader.end().map(|()| fields));
    read.map_err(|error| Error::new(ErrorKind::Serialization, error.to_string()))
}

struct Entries<F>(PhantomData<F>);

impl<'a, F: Fields<'a>> Visitor<'a> for Entries<F> {
    type Value = F;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<F, M::Error> {
        let mut fields = F::default();
        while let Some(Text(key)) = map.next_key()? {
            fields.take(Entry { key: &key, map: &mut map })?;
        }
        Ok(fields)
    }
}

impl<'a, M: MapAccess<'a>> Entry<'_, M> {
    /// The value as a type; the error names the key.
    pub(crate) fn value<T: Deserialize<'a>>(self) -> Result<T, M::Error> {
        let Self { key, map } = self;
        map.next_value().map_err(|error| M::Error::custom(format_args!("'{key}': {error}")))
    }

    /// The value as a document of its own.
    pub(crate) fn document(self) -> Result<Option<Payload>, M::Error> {
        let value: &RawValue = self.value()?;
        Ok((value.get() != "null").then(|| Payload::from(value)))
    }

    /// Passes the value over.
    pub(crate) fn ignore(self) -> Result<(), M::Error> {
        self.map.next_value::<IgnoredAny>().map(drop)
    }
}

/// A JSON object that is being written.
pub(crate) struct Object(Vec<u8>);

impl Object {
    /// An object without entries, with room for so many bytes.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        let mut json = Vec::with_capacity(capacity);
        json.push(b'{');
        Self(json)
    }

    /// Adds an entry.
    pub(crate) fn put(&mut self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<()> {
        self.key(key)?;
        self.write(value)
    }

    /// Adds an entry whose value is a document already.
    pub(crate) fn put_document(&mut self, key: &str, document: &Payload) -> Result<()> {
        self.key(key)?;
        self.0.extend_from_slice(document.as_json().as_bytes());
        Ok(())
    }

    /// The text.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    fn key(&mut self, key: &str) -> Result<()> {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.write(key)?;
        self.0.push(b':');
        Ok(())
    }

    fn write(&mut self, value: &(impl Serialize + ?Sized)) -> Result<()> {
        serde_json::to_writer(&mut self.0, value).map_err(|error| {
            Error::new(ErrorKind::Serialization, format!("the body cannot be written: {error}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use busway_core::Limits;

    use super::*;

    #[derive(Default)]
    struct Greeting {
        name: Option<String>,
        body: Option<Payload>,
    }

    impl<'a> Fields<'a> for Greeting {
        fn take<M: MapAccess<'a>>(&mut self, entry: Entry<'_, M>) -> Result<(), M::Error> {
            match entry.key {
                "name" => self.name = entry.value()?,
                "body" => self.body = entry.document()?,
                _ => entry.ignore()?,
            }
            Ok(())
        }
    }

    #[test]
    fn the_last_of_two_entries_counts_and_null_is_nothing() {
        let json = r#"{"name":"a","x":[{}],"na\u006de":"b","body":1,"body":null}"#;
        let greeting: Greeting = read(json).expect("an object");
        assert_eq!(greeting.name.as_deref(), Some("b"));
        assert_eq!(greeting.body, None);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_key() {
        let Err(error) = read::<Greeting>(r#"{"name":7}"#) else { panic!("no text") };
        assert_eq!(error.kind(), ErrorKind::Serialization);
        assert!(error.message().contains("'name'"), "{error}");
        for json in ["[]", "{", r#"{"x":}"#, "{} {}", ""] {
            let Err(error) = read::<Greeting>(json) else { panic!("{json} is no object") };
            assert_eq!(error.kind(), ErrorKind::Serialization);
        }
    }

    #[test]
    fn an_object_is_written_as_it_is_read() {
        let body = Payload::from_json(r#"{"a":[1,2]}"#, &Limits::default()).expect("JSON");
        let mut object = Object::with_capacity(0);
        object.put("name", "\"b\"").expect("a text");
        object.put_document("body", &body).expect("a document");
        let json = String::from_utf8(object.finish()).expect("UTF-8");
        assert_eq!(json, r#"{"name":"\"b\"","body":{"a":[1,2]}}"#);
        let greeting: Greeting = read(&json).expect("an object");
        assert_eq!((greeting.name.as_deref(), greeting.body), (Some("\"b\""), Some(body)));
    }
}

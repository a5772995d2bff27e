//! One JSON document, kept as text until somebody asks for a type.

use std::cell::Cell;
use std::fmt;
use std::mem;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::codec::Limits;
use crate::{Error, ErrorKind, Result};

/// Arguments, a result or a notification's payload: one JSON document, kept as text.
///
/// It is written once by the sender and read once by the receiver; what lies between passes the
/// text on, so that no number or key changes on the way. Cloning is cheap: the text is shared.
///
/// ```
/// use busway_core::Payload;
///
/// let payload = Payload::of(&("answer", 42))?;
/// assert_eq!(payload.as_json(), r#"["answer",42]"#);
/// let back: (String, u8) = payload.to()?;
/// assert_eq!(back.1, 42);
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Payload(Text);

#[derive(Clone)]
enum Text {
    /// In one piece of memory with its count of owners.
    Short(Arc<str>),
    /// In the memory where it was written: a copy would cost more than another piece.
    Long(Arc<String>),
}

/// The most memory that a thread keeps for writing, in bytes; what is longer keeps it itself.
const KEPT: usize = 64 * 1024;

thread_local! {
    /// Where documents are written before their length is known. Who writes takes it, so that a
    /// value that writes payloads while it is written gets one of its own.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Payload {
    /// The JSON document `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(Text::Short(Arc::from("null")))
    }

    /// The JSON document `{}`: no arguments.
    #[must_use]
    pub fn empty_object() -> Self {
        Self(Text::Short(Arc::from("{}")))
    }

    /// Writes a value as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Serialization`] when its type has no JSON form (a map with keys that are no
    /// strings, for one).
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        let mut scratch = SCRATCH.take();
        scratch.clear();
        let written = serde_json::to_writer(&mut scratch, value);
        let text = match written {
            Ok(()) if scratch.len() > KEPT => Text::long(mem::take(&mut scratch)),
            Ok(()) => Text::short(&scratch),
            Err(error) => Err(error.to_string()),
        };
        if scratch.capacity() <= KEPT {
            SCRATCH.set(scratch);
        }
        text.map(Self).map_err(|error| {
            let message = format!("a {} has no JSON form: {error}", std::any::type_name::<T>());
            Error::new(ErrorKind::Serialization, message)
        })
    }

    /// Takes a JSON document from outside, within limits.
    ///
    /// # Errors
    /// [`ErrorKind::LimitExceeded`] when it is larger or nests deeper than the limits allow,
    /// [`ErrorKind::Serialization`] when it is no JSON document.
    pub fn from_json(json: impl AsRef<str>, limits: &Limits) -> Result<Self> {
        let json = json.as_ref();
        limits.check(json.as_bytes())?;
        serde_json::from_str::<&RawValue>(json).map(Self::from).map_err(|error| {
            Error::new(ErrorKind::Serialization, format!("not a JSON document: {error}"))
        })
    }

    /// The JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        match &self.0 {
            Text::Short(text) => text,
            Text::Long(text) => text,
        }
    }

    /// The JSON text, owned.
    #[must_use]
    pub fn into_json(self) -> String {
        match self.0 {
            Text::Short(text) => String::from(&*text),
            Text::Long(text) => Arc::unwrap_or_clone(text),
        }
    }

    /// Reads the document as a value of this type.
    ///
    /// # Errors
    /// [`ErrorKind::Serialization`] says what was expected, what was found, and where.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T> {
        self.borrow()
    }

    /// Reads the document as a value that may borrow from it.
    ///
    /// # Errors
    /// [`ErrorKind::Serialization`] says what was expected, what was found, and where.
    pub fn borrow<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        serde_json::from_str(self.as_json())
            .map_err(|error| Error::new(ErrorKind::Serialization, error.to_string()))
    }

    /// Whether the document is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.as_json().starts_with('{')
    }

    /// Whether the document is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_json() == "null"
    }
}

impl Text {
    fn short(text: &[u8]) -> Result<Self, String> {
        let text = str::from_utf8(text).map_err(|error| error.to_string())?;
        Ok(Self::Short(Arc::from(text)))
    }

    fn long(text: Vec<u8>) -> Result<Self, String> {
        let text = String::from_utf8(text).map_err(|error| error.to_string())?;
        Ok(Self::Long(Arc::new(text)))
    }
}

/// A document that a parser has checked already.
impl From<&RawValue> for Payload {
    fn from(document: &RawValue) -> Self {
        Self(Text::Short(Arc::from(document.get())))
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::null()
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.as_json() == other.as_json()
    }
}

impl fmt::Debug for Payload {
    /// The size only: a body may be large, and may hold what nobody should read in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.as_json().len())
    }
}

impl Serialize for Payload {
    /// Passes the text through; for serde_json only, as [`RawValue`] is.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document: &RawValue = serde_json::from_str(self.as_json()).map_err(S::Error::custom)?;
        document.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Box::<RawValue>::deserialize(deserializer)?;
        if document.get().len() <= KEPT {
            return Ok(Self::from(&*document));
        }
        Ok(Self(Text::Long(Arc::new(Box::<str>::from(document).into()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_pass_unchanged() {
        let json = "[18446744073709551616,-9223372036854775808,1e400,0.1]";
        let payload = Payload::from_json(json, &Limits::default()).expect("JSON");
        assert_eq!(Payload::of(&payload).expect("JSON").as_json(), json);
    }

    #[test]
    fn a_value_that_writes_payloads_while_it_is_written_is_whole() {
        struct Nested;

        impl Serialize for Nested {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let inner = Payload::of("inner").map_err(S::Error::custom)?;
                (1, inner.as_json(), 2).serialize(serializer)
            }
        }

        let payload = Payload::of(&[Nested, Nested]).expect("JSON");
        assert_eq!(payload.as_json(), r#"[[1,"\"inner\"",2],[1,"\"inner\"",2]]"#);
        assert_eq!(Payload::of(&"x".repeat(2 * KEPT)).expect("JSON").as_json().len(), 2 * KEPT + 2);
        assert_eq!(Payload::of(&1).expect("JSON").as_json(), "1");
    }

    #[test]
    fn a_long_document_is_read_as_a_short_one_is() {
        let text = "x".repeat(KEPT);
        let payload = Payload::of(&text).expect("JSON");
        assert_eq!(payload.to::<String>().expect("a text"), text);
        assert_eq!(
            payload,
            Payload::from_json(payload.as_json(), &Limits::default()).expect("JSON")
        );
        let read: Payload = serde_json::from_str(payload.as_json()).expect("JSON");
        assert_eq!(read, payload);
        let shared = payload.clone();
        assert_eq!(payload.into_json(), format!("\"{text}\""));
        assert_eq!(shared.into_json().len(), KEPT + 2);
    }

    #[test]
    fn a_body_is_not_shown() {
        let payload = Payload::of("password").expect("JSON");
        assert_eq!(format!("{payload:?}"), "Payload(10 bytes)");
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "nul", "1 2", "'a'"] {
            let error = Payload::from_json(text, &Limits::default()).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Serialization);
        }
    }

    #[test]
    fn an_ill_typed_document_says_what_was_expected() {
        let error = Payload::of("x").expect("JSON").to::<u8>().expect_err("no number");
        assert_eq!(error.kind(), ErrorKind::Serialization);
        assert!(error.message().contains("expected u8"), "{error}");
    }
}

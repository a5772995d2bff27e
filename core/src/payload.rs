//! One JSON document, kept as text until somebody asks for a type.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::codec::Limits;
use crate::{Error, ErrorKind, Result};

/// Arguments, a result or a notification's payload: one JSON document, kept as text.
///
/// It is written once by the sender and read once by the receiver; what lies between passes the
/// text on, so that no number or key changes on the way.
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
pub struct Payload(Box<RawValue>);

impl Payload {
    /// The JSON document `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// The JSON document `{}`: no arguments.
    #[must_use]
    pub fn empty_object() -> Self {
        Self(
            serde_json::value::to_raw_value(&serde_json::Map::new())
                .expect("a map has a JSON form"),
        )
    }

    /// Writes a value as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Serialization`] when its type has no JSON form (a map with keys that are no
    /// strings, for one).
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        serde_json::value::to_raw_value(value).map(Self).map_err(|error| {
            let message = format!("a {} has no JSON form: {error}", std::any::type_name::<T>());
            Error::new(ErrorKind::Serialization, message)
        })
    }

    /// Takes a JSON document from outside, within limits.
    ///
    /// # Errors
    /// [`ErrorKind::LimitExceeded`] when it is larger or nests deeper than the limits allow,
    /// [`ErrorKind::Serialization`] when it is no JSON document.
    pub fn from_json(json: impl Into<String>, limits: &Limits) -> Result<Self> {
        let json = json.into();
        limits.check(json.as_bytes())?;
        RawValue::from_string(json).map(Self).map_err(|error| {
            Error::new(ErrorKind::Serialization, format!("not a JSON document: {error}"))
        })
    }

    /// The JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.0.get()
    }

    /// The JSON text, owned.
    #[must_use]
    pub fn into_json(self) -> String {
        Box::<str>::from(self.0).into_string()
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

/// A document that a parser has checked already.
impl From<Box<RawValue>> for Payload {
    fn from(document: Box<RawValue>) -> Self {
        Self(document)
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
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
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

use std::borrow::Cow;

use bytes::Bytes;
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};

use super::Limits;
use crate::{Error, ErrorKind, Payload, Result};

/// How a body is written: JSON, or msgpack as a transcription of the same document.
///
/// ```
/// use busway_core::{Format, Limits};
///
/// let limits = Limits::default();
/// let body = Format::MsgPack.encode(&[1, 2, 3], &limits)?;
/// assert_eq!(&body[..], [0x93, 1, 2, 3]);
/// assert_eq!(Format::MsgPack.decode(&body, &limits)?.as_json(), "[1,2,3]");
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Format {
    /// `application/json`
    #[default]
    Json,
    /// `application/msgpack`
    MsgPack,
}

impl Format {
    /// The content type that names this format in a message's properties.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::MsgPack => "application/msgpack",
        }
    }

    /// The format that a content type names.
    ///
    /// # Errors
    /// [`ErrorKind::Serialization`] for any other content type; the message names it.
    pub fn from_content_type(content_type: &str) -> Result<Self> {
        match content_type {
            "application/json" => Ok(Self::Json),
            "application/msgpack" => Ok(Self::MsgPack),
            other => Err(Error::new(
                ErrorKind::Serialization,
                format!(
                    "unknown content type '{other}': expected application/json or application/msgpack"
                ),
            )),
        }
    }

    /// Writes a value.
    ///
    /// # Errors
    /// [`ErrorKind::Serialization`] when it cannot be written, [`ErrorKind::LimitExceeded`] when
    /// it is over the limits.
    pub fn encode<T: Serialize + ?Sized>(self, value: &T, limits: &Limits) -> Result<Bytes> {
        self.encode_json(serde_json::to_vec(value).map_err(|error| unwritable(&error))?, limits)
    }

    /// Makes a body of the text of a JSON document.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_json(self, json: Vec<u8>, limits: &Limits) -> Result<Bytes> {
        limits.check(&json)?;
        match self {
            Self::Json => Ok(json.into()),
            Self::MsgPack => json_to_msgpack(&json),
        }
    }

    /// Reads a body as a JSON document.
    ///
    /// # Errors
    /// [`ErrorKind::Serialization`] when it is not of this format (or, in msgpack, holds what
    /// JSON cannot: binary data, extension types), [`ErrorKind::LimitExceeded`] when it is over
    /// the limits.
    pub fn decode(self, body: &[u8], limits: &Limits) -> Result<Payload> {
        Payload::from_json(self.text(body, limits)?, limits)
    }

    /// Reads a body as the text of what may be a JSON document, within the limits: whoever parses
    /// it finds out.
    ///
    /// # Errors
    /// As [`decode`](Self::decode), except that a text that is no JSON is no error yet.
    pub fn decode_json<'a>(self, body: &'a [u8], limits: &Limits) -> Result<Cow<'a, str>> {
        let json = self.text(body, limits)?;
        limits.check(json.as_bytes())?;
        Ok(json)
    }

    fn text<'a>(self, body: &'a [u8], limits: &Limits) -> Result<Cow<'a, str>> {
        limits.check_size(body.len())?;
        match self {
            Self::Json => {
                let json = std::str::from_utf8(body).map_err(|error| unreadable("JSON", &error))?;
                Ok(json.into())
            }
            Self::MsgPack => Ok(msgpack_to_json(body, limits)?.into()),
        }
    }
}

fn json_to_msgpack(json: &[u8]) -> Result<Bytes> {
    let mut body = Vec::with_capacity(json.len());
    let mut reader = serde_json::Deserializer::from_slice(json);
    let mut writer = rmp_serde::Serializer::new(&mut body);
    serde_transcode::transcode(&mut reader, &mut writer).map_err(|error| unwritable(&error))?;
    Ok(body.into())
}

fn msgpack_to_json(body: &[u8], limits: &Limits) -> Result<String> {
    let mut rest = body;
    let value = rmpv::decode::read_value_with_max_depth(&mut rest, limits.max_depth + 1)
        .map_err(|error| unreadable("msgpack", &error))?;
    if !rest.is_empty() {
        return Err(unreadable("msgpack", &format!("{} bytes follow the document", rest.len())));
    }
    serde_json::to_string(&AsJson(&value)).map_err(|error| unreadable("msgpack", &error))
}

/// A msgpack document as JSON writes it; what JSON cannot hold is an error, never an array of
/// numbers by accident.
struct AsJson<'a>(&'a rmpv::Value);

impl Serialize for AsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.0 {
            rmpv::Value::Binary(_) => Err(S::Error::custom("binary data has no JSON form")),
            rmpv::Value::Ext(kind, _) => {
                Err(S::Error::custom(format_args!("extension type {kind} has no JSON form")))
            }
            rmpv::Value::String(text) if text.as_str().is_none() => {
                Err(S::Error::custom("a string is no UTF-8"))
            }
            rmpv::Value::Array(items) => serializer.collect_seq(items.iter().map(AsJson)),
            rmpv::Value::Map(pairs) => serializer
                .collect_map(pairs.iter().map(|(key, value)| (AsJson(key), AsJson(value)))),
            plain => plain.serialize(serializer),
        }
    }
}

fn unwritable(error: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Serialization, format!("the body cannot be written: {error}"))
}

fn unreadable(format: &str, error: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Serialization, format!("the body is no {format}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(format: Format, json: &str) -> Result<String> {
        let limits = Limits::default();
        let body = format.encode(&Payload::from_json(json, &limits)?, &limits)?;
        Ok(format.decode(&body, &limits)?.into_json())
    }

    #[test]
    fn every_kind_of_value_passes_through_both_formats() {
        let json = r#"{"a":[null,true,-1,18446744073709551615,1.5,"žluťoučký"],"":{}}"#;
        for format in [Format::Json, Format::MsgPack] {
            assert_eq!(through(format, json).expect("a round trip"), json);
        }
    }

    #[test]
    fn a_text_passes_through_both_formats_within_the_limits() {
        let limits = Limits::default();
        for format in [Format::Json, Format::MsgPack] {
            let body = format.encode_json(b"[1]".to_vec(), &limits).expect("JSON");
            assert_eq!(format.decode_json(&body, &limits).expect("a text"), "[1]");
            let limits = Limits { max_depth: 0, ..limits };
            let error = format.decode_json(&body, &limits).expect_err("deep");
            // The reader of msgpack has an error of its own for it.
            assert!(matches!(error.kind(), ErrorKind::Serialization | ErrorKind::LimitExceeded));
            let error = format.encode_json(b"[1]".to_vec(), &limits).expect_err("deep");
            assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        }
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        let extension = [0xd4, 5, 0xff];
        let binary = [0x91, 0xc4, 1, 0xff];
        let no_utf8 = [0xa1, 0xff];
        for body in [&extension[..], &binary, &no_utf8] {
            let error = Format::MsgPack.decode(body, &Limits::default()).expect_err("no JSON");
            assert_eq!(error.kind(), ErrorKind::Serialization);
        }
    }

    #[test]
    fn truncated_and_trailing_bytes_are_errors() {
        let limits = Limits::default();
        for body in [&[0x93, 1, 2][..], &[1, 2], &[]] {
            let error = Format::MsgPack.decode(body, &limits).expect_err("malformed");
            assert_eq!(error.kind(), ErrorKind::Serialization);
        }
        let error = Format::Json.decode(b"\xff", &limits).expect_err("no UTF-8");
        assert_eq!(error.kind(), ErrorKind::Serialization);
    }

    #[test]
    fn deep_msgpack_is_refused() {
        let body = vec![0x91; 100_000];
        let error = Format::MsgPack.decode(&body, &Limits::default()).expect_err("deep");
        assert!(matches!(error.kind(), ErrorKind::Serialization | ErrorKind::LimitExceeded));
    }

    #[test]
    fn an_unknown_content_type_is_named() {
        let error = Format::from_content_type("text/xml").expect_err("unknown");
        assert!(error.message().contains("text/xml"));
    }
}

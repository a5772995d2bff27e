//! Reading a body whose request is in an envelope, as it mostly comes.

use busway_core::{Context, Value};
use serde::Deserialize;
use serde_json::{Deserializer, Map};

use super::envelope::{MESSAGE_KEY, REQUEST_KEY, VERSION_KEY};
use super::json::CONTEXT_KEY;
use super::text::unescape;

/// What is in such a body.
#[derive(Debug, PartialEq)]
pub(super) struct Sealed<'a> {
    pub(super) version: &'a str,
    pub(super) message: String,
    pub(super) context: Context,
}

/// A body with a request in an envelope, perhaps a context, and nothing else. None of any other:
/// it is to be read as [`Body`](super::envelope::Body), which says what is wrong with it.
pub(super) fn read(body: &str) -> Option<Sealed<'_>> {
    let mut rest = Rest(body);
    let (mut envelope, mut context) = (None, None);
    rest.entries(|rest| {
        if envelope.is_none() && rest.take_key(REQUEST_KEY) {
            envelope = Some(rest.envelope()?);
        } else if context.is_none() && rest.take_key(CONTEXT_KEY) {
            context = Some(rest.value()?);
        } else {
            return None;
        }
        Some(())
    })?;
    let (version, message) = envelope.filter(|_| rest.skip().is_empty())?;
    let context: Option<Map<String, Value>> = context.flatten();
    Some(Sealed { version, message, context: context.map(Context::from).unwrap_or_default() })
}

/// What has not been read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip(&mut self) -> &'a str {
        // Mostly there is none, or one.
        while let [b' ' | b'\t' | b'\n' | b'\r', ..] = self.0.as_bytes() {
            self.0 = &self.0[1..];
        }
        self.0
    }

    fn take(&mut self, mark: char) -> Option<()> {
        self.0 = self.skip().strip_prefix(mark)?;
        Some(())
    }

    /// An object, each entry of which is read by what is given.
    fn entries(&mut self, mut entry: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take('{')?;
        loop {
            entry(self)?;
            if self.take(',').is_none() {
                return self.take('}');
            }
        }
    }

    /// Takes a key and what is behind it, if it is this one.
    fn take_key(&mut self, key: &str) -> bool {
        let rest = self.skip().strip_prefix('"').and_then(|rest| rest.strip_prefix(key));
        let Some(rest) = rest.and_then(|rest| rest.strip_prefix('"')) else { return false };
        self.0 = rest;
        self.take(':').is_some()
    }

    fn envelope(&mut self) -> Option<(&'a str, String)> {
        let (mut version, mut message) = (None, None);
        self.entries(|rest| {
            if version.is_none() && rest.take_key(VERSION_KEY) {
                version = Some(rest.plain()?);
            } else if message.is_none() && rest.take_key(MESSAGE_KEY) {
                message = Some(rest.text()?);
            } else {
                return None;
            }
            Some(())
        })?;
        version.zip(message)
    }

    /// A text that stands as it is read.
    fn plain(&mut self) -> Option<&'a str> {
        self.take('"')?;
        let length = self.0.bytes().position(|byte| matches!(byte, ..b' ' | b'"' | b'\\'))?;
        let (text, rest) = self.0.split_at(length);
        self.0 = rest.strip_prefix('"')?;
        Some(text)
    }

    fn text(&mut self) -> Option<String> {
        self.take('"')?;
        let (text, length) = unescape(self.0)?;
        self.0 = &self.0[length..];
        Some(text)
    }

    fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let mut values = Deserializer::from_str(self.0).into_iter();
        let value = values.next()?.ok()?;
        self.0 = &self.0[values.byte_offset()..];
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use busway_core::Limits;
    use proptest::prelude::*;

    use super::super::envelope::Body;
    use super::*;

    #[derive(Deserialize)]
    struct Envelope {
        #[serde(rename = "oslo.version")]
        version: String,
        #[serde(rename = "oslo.message")]
        message: String,
    }

    fn is_read_as_any_body(body: &str) -> bool {
        let Some(Sealed { version, message, context }) = read(body) else { return false };
        let mut whole = Body::<Envelope>::read(body, &Limits::default()).expect("a body");
        assert_eq!(context, whole.take_context());
        let Envelope { version: of_whole, message: in_whole } = whole.request.0;
        assert_eq!((version, message), (&*of_whole, in_whole));
        true
    }

    #[test]
    fn a_body_in_any_order_with_any_whitespace_is_read() {
        for body in [
            r#"{"request":{"oslo.version":"2.0","oslo.message":"{\"a\":1}"},"context":{"b":[2]}}"#,
            r#" { "context" : null , "request":{ "oslo.message" : "" , "oslo.version":"2.0" } } "#,
            r#"{"request":{"oslo.version":"1","oslo.message":"é\\\n"}}"#,
        ] {
            assert!(is_read_as_any_body(body), "{body}");
        }
    }

    #[test]
    fn another_body_is_left_to_others() {
        for body in [
            "",
            "[]",
            r#"{"context":{}}"#,
            r#"{"request":{"oslo.version":"2.0"}}"#,
            r#"{"request":{"oslo.version":"2.0","oslo.message":"","more":1}}"#,
            r#"{"request":{"oslo.version":"2.0","oslo.version":"2.0","oslo.message":""}}"#,
            r#"{"request":{"oslo.version":"2.0","oslo.message":""},"more":1}"#,
            r#"{"request":{"oslo.version":"2.0","oslo.message":""}"#,
            r#"{"request":{"oslo.version":"2.0","oslo.message":""}}}"#,
            r#"{"request":{"oslo.version":"2.0","oslo.message":""},"context":1}"#,
            r#"{"request":{"oslo.version":"2.0","oslo.message":""},}"#,
        ] {
            assert_eq!(read(body), None, "{body}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_any_body_is(
            before in "\\PC{0,3}",
            message in "([ -~é]|\\\\[\"\\\\/bfnrtu]){0,20}",
            context in "(null|\\{\"a\":[0-9]{1,3}\\}|[0-9\\[\\]{},:\"]{0,6})",
            after in "[ ,}]{0,2}",
        ) {
            is_read_as_any_body(&format!(
                r#"{before}{{"request": {{"oslo.version": "2.0", "oslo.message": "{message}"}}, "context": {context}}}{after}"#
            ));
        }
    }
}

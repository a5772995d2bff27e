//! Writing and reading JSON text, within limits.
//!
//! What a user sends is text already: it is written as it stands, without being read again.

use std::borrow::Cow;

use busway_core::{Context, Error, ErrorKind, Limits, Payload, Result};
use serde::{Deserialize, Serialize};

use super::text;

/// Where the context is in a body.
pub(super) const CONTEXT_KEY: &str = "context";
/// What a body takes besides what the user sends, about, in bytes.
const BESIDES: usize = 256;

/// A JSON object that is being written.
pub(super) struct Object(Vec<u8>);

impl Object {
    /// An object that is to hold so much of the user's.
    pub(super) fn about(size: usize) -> Self {
        let mut json = Vec::with_capacity(size + BESIDES);
        json.push(b'{');
        Self(json)
    }

    /// Adds an entry.
    pub(super) fn value<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<()> {
        self.entries().key(key);
        serde_json::to_writer(&mut self.0, value).map_err(|error| {
            let message = format!("the body cannot be written: '{key}': {error}");
            Error::new(ErrorKind::Serialization, message)
        })
    }

    /// Adds an entry that is JSON text already.
    pub(super) fn document(&mut self, key: &str, document: &Payload) {
        self.entries().document(key, document);
    }

    /// Adds the entry of a context.
    pub(super) fn context(&mut self, context: &Context) -> Result<()> {
        self.value(CONTEXT_KEY, context.values())
    }

    /// Begins an object in the object.
    pub(super) fn open(&mut self, key: &str) {
        self.entries().key(key);
        self.0.push(b'{');
    }

    /// Ends what was begun last.
    pub(super) fn close(&mut self) {
        self.0.push(b'}');
    }

    /// What adds to the object that was begun last.
    pub(super) fn entries(&mut self) -> Entries<'_> {
        Entries { json: &mut self.0, in_text: false }
    }

    /// Adds a text that is an object in JSON.
    pub(super) fn quoted(&mut self, key: &str, write: impl FnOnce(&mut Entries<'_>)) {
        self.entries().key(key);
        self.0.extend_from_slice(b"\"{");
        write(&mut Entries { json: &mut self.0, in_text: true });
        self.0.extend_from_slice(b"}\"");
    }

    /// The text, in which what the user sends stands so many levels deep.
    pub(super) fn finish(mut self, depth: usize, limits: &Limits) -> Result<String> {
        deeper(limits, depth).check(&self.0)?;
        self.close();
        limits.check_size(self.0.len())?;
        String::from_utf8(self.0).map_err(|error| {
            Error::new(ErrorKind::Internal, "JSON was written that is no text").because(error)
        })
    }
}

/// The entries of an object, which may stand in a text.
pub(super) struct Entries<'a> {
    json: &'a mut Vec<u8>,
    /// Whether they stand in a text.
    in_text: bool,
}

impl Entries<'_> {
    /// Adds a text.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.mark();
        if self.in_text {
            text::escape_twice(text, self.json);
        } else {
            text::escape(text.as_bytes(), self.json);
        }
        self.mark();
    }

    /// Adds what is JSON text already.
    pub(super) fn document(&mut self, key: &str, document: &Payload) {
        self.key(key);
        let document = document.as_json().as_bytes();
        if self.in_text {
            text::escape(document, self.json);
        } else {
            self.json.extend_from_slice(document);
        }
    }

    fn key(&mut self, key: &str) {
        if self.json.last() != Some(&b'{') {
            self.json.push(b',');
        }
        self.mark();
        self.json.extend_from_slice(key.as_bytes());
        self.mark();
        self.json.push(b':');
    }

    fn mark(&mut self) {
        if self.in_text {
            self.json.push(b'\\');
        }
        self.json.push(b'"');
    }
}

/// A text that is borrowed where it stands as it is read.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Reads a JSON text, in which what the user sent stands so many levels deep.
pub(super) fn read<'a, T: Deserialize<'a>>(
    json: &'a str,
    depth: usize,
    limits: &Limits,
) -> Result<T> {
    check(json, depth, limits)?;
    parse(json)
}

/// Checks a JSON text, in which what the user sent stands so many levels deep.
pub(super) fn check(json: &str, depth: usize, limits: &Limits) -> Result<()> {
    deeper(limits, depth).check(json.as_bytes())
}

/// Reads a JSON text that is a part of one that was within the limits: an object.
pub(super) fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T> {
    // A list of its values in their order would do, too.
    if !json.trim_start().starts_with('{') {
        return Err(unreadable("the body: it is no JSON object"));
    }
    serde_json::from_str(json).map_err(|error| unreadable(&format!("the body: {error}")))
}

pub(super) fn unreadable(what: &str) -> Error {
    Error::new(ErrorKind::Serialization, what.to_owned())
}

/// A body without an entry that it has to have.
pub(super) fn missing(key: &str) -> Error {
    unreadable(&format!("the body: missing field `{key}`"))
}

fn deeper(limits: &Limits, depth: usize) -> Limits {
    Limits { max_depth: limits.max_depth.saturating_add(depth), ..*limits }
}

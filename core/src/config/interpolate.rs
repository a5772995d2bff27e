//! References to other options in a file's values: `$name`, `${name}`, `${section.name}`.
//!
//! As oslo.config has them: a name is looked for in its own section first and in `[DEFAULT]`
//! then, `$$` and `\$` are a dollar sign, and so is a `$` that no name follows.

use super::describe::to_text;
use super::layer::{DEFAULT, Raw, Said, section_name};
use super::view::View;
use crate::url::looks_secret;

/// How many references one value may come to, and how long it may get: options that refer to
/// each other several times grow without bound otherwise.
const MOST_REFERENCES: usize = 1_000;
const LONGEST: usize = 1024 * 1024;

/// A value whose references were followed.
#[derive(Debug)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// Whether it refers to something that must not be shown.
    pub(super) secret: bool,
}

/// Why a reference cannot be followed.
#[derive(Debug, PartialEq)]
pub(super) enum Unresolved {
    /// There is no option of this name.
    Unknown(String),
    /// An option comes to refer to itself, over these.
    Cycle(String),
    /// The references come to too much.
    TooMuch,
}

/// Follows the references in the value of this option.
pub(super) fn expand(
    view: &View<'_>,
    section: &str,
    key: &str,
    text: &str,
) -> Result<Expanded, Unresolved> {
    let mut expansion =
        Expansion { view, path: vec![name_of(section, key)], references: 0, secret: false };
    let text = expansion.text(section, text)?;
    Ok(Expanded { text, secret: expansion.secret })
}

struct Expansion<'a> {
    view: &'a View<'a>,
    /// The options that refer to one another, the outermost first.
    path: Vec<String>,
    references: usize,
    secret: bool,
}

impl Expansion<'_> {
    fn text(&mut self, section: &str, text: &str) -> Result<String, Unresolved> {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, after) = (&rest[..at], &rest[at + 1..]);
            if let Some(before) = before.strip_suffix('\\') {
                expanded.extend([before, "$"]);
                rest = after;
            } else if let Some(after) = after.strip_prefix('$') {
                expanded.extend([before, "$"]);
                rest = after;
            } else if let Some((name, after)) = reference(after) {
                expanded.extend([before, &self.option(section, name)?]);
                rest = after;
            } else {
                expanded.extend([before, "$"]);
                rest = after;
            }
            if expanded.len() > LONGEST {
                return Err(Unresolved::TooMuch);
            }
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    /// The value of the option that a reference names.
    fn option(&mut self, section: &str, name: &str) -> Result<String, Unresolved> {
        self.references += 1;
        if self.references > MOST_REFERENCES {
            return Err(Unresolved::TooMuch);
        }
        let (section, name) = match name.split_once('.') {
            Some((section, name)) => (section_name(section), name),
            None if self.view.has(section, name) => (section.to_owned(), name),
            None => (DEFAULT.to_owned(), name),
        };
        let full_name = name_of(&section, name);
        if self.path.contains(&full_name) {
            return Err(Unresolved::Cycle([self.path.join(" to "), full_name].join(" to ")));
        }
        let known = self.view.known.find(&section, name);
        self.secret |= looks_secret(name) || known.is_some_and(|option| option.secret);
        self.path.push(full_name);
        let text = match (self.view.said(&section, name), known) {
            (Some(said), _) => self.said(&section, said)?,
            (None, Some(option)) => {
                self.text(&section, option.default.as_deref().unwrap_or_default())?
            }
            (None, None) => return Err(Unresolved::Unknown(name.to_owned())),
        };
        self.path.pop();
        Ok(text)
    }

    fn said(&mut self, section: &str, said: &Said) -> Result<String, Unresolved> {
        let text = match &said.value {
            Raw::Texts(all) => all.last().cloned().unwrap_or_default(),
            Raw::Typed(value) => to_text(value).unwrap_or_default(),
        };
        if said.has_references() { self.text(section, &text) } else { Ok(text) }
    }
}

fn name_of(section: &str, key: &str) -> String {
    format!("[{section}] {key}")
}

/// The name at the beginning of what follows a `$`, and what follows the name.
fn reference(text: &str) -> Option<(&str, &str)> {
    if let Some(inner) = text.strip_prefix('{') {
        let (name, after) = inner.split_at(name_length(inner));
        return after.strip_prefix('}').filter(|_| !name.is_empty()).map(|after| (name, after));
    }
    let name = text[..name_length(text)].trim_end_matches('.');
    (!name.is_empty()).then(|| (name, &text[name.len()..]))
}

/// How long the name is that a text begins with.
fn name_length(text: &str) -> usize {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return 0;
    }
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(text.len())
}

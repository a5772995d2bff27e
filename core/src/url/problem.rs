use super::secrecy::secret_ranges;
use crate::{Error, ErrorKind, MASK};

/// How much of a URL an error shows before and after the place it speaks of, in characters.
const SHOWN: usize = 60;

/// What is wrong with a URL, and at which byte. The rule names no part of the URL.
#[derive(Debug)]
pub(super) struct Problem {
    at: usize,
    rule: &'static str,
}

impl Problem {
    pub(super) fn new(at: usize, rule: &'static str) -> Self {
        Self { at, rule }
    }

    pub(super) fn into_error(self, url: &str) -> Error {
        let position = url[..self.at].chars().count() + 1;
        let (before, after) = shown_around(url, self.at);
        let message = format!(
            "{rule}: character {position} of the transport URL, after the ^ in \
             '{before}^{after}'",
            rule = self.rule
        );
        Error::new(ErrorKind::InvalidUrl, message).with("at", position)
    }
}

/// What may be shown of a URL before and after a byte; a secret around it goes after.
fn shown_around(url: &str, at: usize) -> (String, String) {
    let (mut before, mut after) = (String::new(), String::new());
    let mut next = 0;
    for range in secret_ranges(url) {
        let (range_at, end) = (range.start.max(next), range.end.max(next));
        push_around(&mut before, &mut after, &url[next..range_at], at.saturating_sub(next));
        let side = if end <= at && range_at < at { &mut before } else { &mut after };
        if end > range_at {
            side.push_str(MASK);
        }
        next = end;
    }
    push_around(&mut before, &mut after, &url[next..], at.saturating_sub(next));
    (last_of(&before), first_of(&after))
}

/// Deals a piece out to both sides of a byte, counted from its own beginning.
fn push_around(before: &mut String, after: &mut String, piece: &str, at: usize) {
    let (left, right) = piece.split_at(at.min(piece.len()));
    before.extend(left.chars().flat_map(printable));
    after.extend(right.chars().flat_map(printable));
}

/// A character that cannot break a line of a log.
fn printable(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let plain = escaped.is_none().then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

fn last_of(text: &str) -> String {
    match text.char_indices().rev().nth(SHOWN) {
        Some((i, c)) => format!("…{}", &text[i + c.len_utf8()..]),
        None => text.to_owned(),
    }
}

fn first_of(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((i, _)) => format!("{}…", &text[..i]),
        None => text.to_owned(),
    }
}

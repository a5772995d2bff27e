use regex::Regex;

use crate::{Error, ErrorKind, Result};

/// A pattern as Python's `fnmatch` understands it: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`. It
/// matches the whole of a text, with regard to case.
#[derive(Clone, Debug)]
pub(super) struct Glob(Regex);

impl Glob {
    pub(super) fn new(pattern: &str) -> Result<Self> {
        let regex = Regex::new(&to_regex(pattern)).map_err(|error| {
            let message = format!("the pattern '{pattern}' cannot be used");
            Error::new(ErrorKind::Configuration, message).because(error)
        })?;
        Ok(Self(regex))
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn to_regex(pattern: &str) -> String {
    let pattern: Vec<char> = pattern.chars().collect();
    let mut regex = String::from(r"(?s)\A");
    let mut at = 0;
    while at < pattern.len() {
        let rest = &pattern[at + 1..];
        at += 1;
        match pattern[at - 1] {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match end_of_class(rest) {
                Some(end) => {
                    regex.push_str(&class(&rest[..end]));
                    at += end + 1;
                }
                None => regex.push_str(r"\["),
            },
            other => regex.push_str(&regex::escape(&other.to_string())),
        }
    }
    regex.push_str(r"\z");
    regex
}

/// Where the bracket closes: one that comes first, or after a `!`, is a character of the class.
fn end_of_class(rest: &[char]) -> Option<usize> {
    let mut from = usize::from(rest.first() == Some(&'!'));
    from += usize::from(rest.get(from) == Some(&']'));
    rest.iter().skip(from).position(|&c| c == ']').map(|found| found + from)
}

fn class(class: &[char]) -> String {
    let (negated, class) = match class {
        ['!', class @ ..] => (true, class),
        class => (false, class),
    };
    let mut ranges = String::new();
    let mut rest = class;
    while let [from, tail @ ..] = rest {
        let (to, tail) = match tail {
            ['-', to, tail @ ..] => (to, tail),
            tail => (from, tail),
        };
        // A range that runs backwards holds nothing.
        if from <= to {
            for part in [escaped(*from).as_str(), "-", &escaped(*to)] {
                ranges.push_str(part);
            }
        }
        rest = tail;
    }
    match (ranges.is_empty(), negated) {
        (true, true) => ".".to_owned(),
        (true, false) => r"[^\s\S]".to_owned(),
        (false, true) => format!("[^{ranges}]"),
        (false, false) => format!("[{ranges}]"),
    }
}

fn escaped(c: char) -> String {
    format!(r"\x{{{:x}}}", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_those_of_fnmatch() {
        let cases = [
            ("compute.*", "compute.instance.create", true),
            ("compute.*", "xcompute.instance", false),
            ("a.c", "abc", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*", "", true),
            ("", "", true),
            ("[abc]x", "bx", true),
            ("[!abc]x", "bx", false),
            ("[!abc]x", "dx", true),
            ("[a-c0-9]", "7", true),
            ("[a-c-e]", "-", true),
            ("[a-c-e]", "d", false),
            ("[]a]", "]", true),
            ("[!]a]", "]", false),
            ("[a", "[a", true),
            ("[]", "[]", true),
            ("[z-a]", "m", false),
            ("[!z-a]", "m", true),
            ("[\\]", "\\", true),
            ("[a&&b~~^]", "&", true),
            ("A", "a", false),
            ("a*", "a\nb", true),
            ("ž?", "žl", true),
        ];
        for (pattern, text, expected) in cases {
            let glob = Glob::new(pattern).expect(pattern);
            assert_eq!(glob.matches(text), expected, "{pattern} on {text}");
        }
    }
}

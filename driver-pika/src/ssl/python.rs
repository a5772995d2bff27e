//! Dictionaries as Python writes them: what `ast.literal_eval` reads, as far as options need it.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::{Map, Value};

/// Reads a dictionary. A bare name, such as `ssl.CERT_NONE`, is read as its text.
pub(super) fn read(text: &str) -> Result<Map<String, Value>, String> {
    let mut reader = Reader { text: text.chars().peekable() };
    let map = reader.dictionary()?;
    match reader.next() {
        None => Ok(map),
        Some(c) => Err(format!("'{c}' after the closing brace")),
    }
}

struct Reader<'a> {
    text: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    /// The next character that is no white space.
    fn peek(&mut self) -> Option<char> {
        while self.text.next_if(|c| c.is_whitespace()).is_some() {}
        self.text.peek().copied()
    }

    fn next(&mut self) -> Option<char> {
        self.peek();
        self.text.next()
    }

    fn expect(&mut self, expected: char) -> Result<(), String> {
        match self.next() {
            Some(c) if c == expected => Ok(()),
            Some(c) => Err(format!("expected '{expected}', found '{c}'")),
            None => Err(format!("expected '{expected}', found the end")),
        }
    }

    fn dictionary(&mut self) -> Result<Map<String, Value>, String> {
        let mut map = Map::new();
        self.expect('{')?;
        while self.peek() != Some('}') {
            let key = match self.value()? {
                Value::String(key) => key,
                other => return Err(format!("a key is a text, not {other}")),
            };
            self.expect(':')?;
            let value = self.value()?;
            if map.insert(key.clone(), value).is_some() {
                return Err(format!("'{key}' twice"));
            }
            if self.peek() != Some('}') {
                self.expect(',')?;
            }
        }
        self.expect('}')?;
        Ok(map)
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.peek() {
            Some(quote @ ('\'' | '"')) => self.string(quote).map(Value::String),
            Some(_) => self.word(),
            None => Err("expected a value, found the end".to_owned()),
        }
    }

    /// A number, a constant, or the prefix of a text.
    fn word(&mut self) -> Result<Value, String> {
        let mut word = String::new();
        let part = |c: &char| c.is_alphanumeric() || "_.-+".contains(*c);
        while let Some(c) = self.text.next_if(part) {
            word.push(c);
        }
        if matches!(word.as_str(), "u" | "U" | "b" | "B")
            && let Some(&quote @ ('\'' | '"')) = self.text.peek()
        {
            return self.string(quote).map(Value::String);
        }
        match word.as_str() {
            "" => Err(format!("'{}' begins no value", self.next().unwrap_or_default())),
            "None" => Ok(Value::Null),
            "True" => Ok(Value::Bool(true)),
            "False" => Ok(Value::Bool(false)),
            word => Ok(word.parse::<i64>().map_or_else(|_| Value::from(word), Value::from)),
        }
    }

    fn string(&mut self, quote: char) -> Result<String, String> {
        self.expect(quote)?;
        let mut text = String::new();
        loop {
            match self.text.next() {
                None => return Err("a text without its end".to_owned()),
                Some(c) if c == quote => return Ok(text),
                Some('\\') => text.extend(self.escaped()?),
                Some(c) => text.push(c),
            }
        }
    }

    /// What stands for an escape: nothing for an escaped end of line.
    fn escaped(&mut self) -> Result<Option<char>, String> {
        let c = self.text.next().ok_or("a text without its end")?;
        match c {
            '\n' => Ok(None),
            '\\' | '\'' | '"' => Ok(Some(c)),
            'n' => Ok(Some('\n')),
            'r' => Ok(Some('\r')),
            't' => Ok(Some('\t')),
            'x' => self.code(2).map(Some),
            'u' => self.code(4).map(Some),
            'U' => self.code(8).map(Some),
            other => Err(format!("'\\{other}' is no escape")),
        }
    }

    fn code(&mut self, digits: usize) -> Result<char, String> {
        let code: String = self.text.by_ref().take(digits).collect();
        let code = if code.len() == digits { u32::from_str_radix(&code, 16).ok() } else { None };
        code.and_then(char::from_u32).ok_or_else(|| "an escape is no character".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dictionary_is_read_as_python_reads_it() {
        let text = r#" { 'a' : "it's", u"b": 'q\'\\\n\x41\u00e9', 'c': 2, 'd': None, 'e': -1,
                        'f': True, 'g': ssl.CERT_NONE, } "#;
        let expected = json!({
            "a": "it's", "b": "q'\\\nAé", "c": 2, "d": null, "e": -1,
            "f": true, "g": "ssl.CERT_NONE",
        });
        assert_eq!(Value::Object(read(text).expect("a dictionary")), expected);
        assert_eq!(read("{}"), Ok(Map::new()));
    }

    #[test]
    fn what_is_no_dictionary_is_refused() {
        for text in [
            "",
            "{",
            "{'a'}",
            "{'a': }",
            "{'a': 'b}",
            "{'a': 'b'} x",
            "{1: 'b'}",
            "{'a': ['b']}",
            "{'a' 'b'}",
            r"{'a': '\q'}",
            r"{'a': '\x4'}",
            r"{'a': '\ud800'}",
            "{'a': 1, 'a': 2}",
            "{,}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}

//! Texts in JSON, and JSON in texts: in a notification in an envelope every few bytes are escaped, and
//! a general parser begins its search anew after each of them.

/// How many bytes are looked at together.
const STEP: usize = 8;
/// What a text with quotation marks grows by, about: one byte of so many.
const PLAIN: usize = 4;

/// Writes what stands for a text inside of quotation marks, as `serde_json` writes it.
pub(super) fn escape(text: &[u8], json: &mut Vec<u8>) {
    escape_by(escape_byte, text, json);
}

/// Writes what stands for it where its JSON is itself inside of a text.
pub(super) fn escape_twice(text: &str, json: &mut Vec<u8>) {
    let twice = |byte, json: &mut Vec<u8>| {
        let mut once = Vec::new();
        escape_byte(byte, &mut once);
        escape(&once, json);
    };
    escape_by(twice, text.as_bytes(), json);
}

/// Writes what stands for itself, and the others as they are written one by one.
fn escape_by(each: impl Fn(u8, &mut Vec<u8>), mut text: &[u8], json: &mut Vec<u8>) {
    json.reserve(text.len() + text.len() / PLAIN);
    loop {
        take_plain(&mut text, json);
        let Some((byte, rest)) = text.split_first() else { return };
        each(*byte, json);
        text = rest;
    }
}

fn escape_byte(byte: u8, json: &mut Vec<u8>) {
    match byte {
        b'"' => json.extend_from_slice(br#"\""#),
        b'\\' => json.extend_from_slice(br"\\"),
        b' '.. => json.push(byte),
        0x08 => json.extend_from_slice(br"\b"),
        0x0c => json.extend_from_slice(br"\f"),
        b'\n' => json.extend_from_slice(br"\n"),
        b'\r' => json.extend_from_slice(br"\r"),
        b'\t' => json.extend_from_slice(br"\t"),
        _ => {
            let digit = |digit: u8| b"0123456789abcdef"[usize::from(digit)];
            json.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// Reads a text from behind its first quotation mark, and tells how many bytes it takes up to
/// behind its last one. None of what is no text, and of one with characters given by number (`\u`):
/// who wants to know reads it otherwise.
pub(super) fn unescape(json: &str) -> Option<(String, usize)> {
    let mut text = Vec::with_capacity(json.len());
    let mut rest = json.as_bytes();
    loop {
        take_plain(&mut rest, &mut text);
        match *rest {
            [b'"', ..] => {
                let length = json.len() - rest.len() + 1;
                return Some((String::from_utf8(text).ok()?, length));
            }
            [b'\\', byte, ..] => {
                text.push(meant(byte)?);
                rest = &rest[2..];
            }
            _ => return None,
        }
    }
}

/// What a byte after a backslash stands for.
fn meant(byte: u8) -> Option<u8> {
    Some(match byte {
        b'"' | b'\\' | b'/' => byte,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

/// Moves what stands for itself in a text in JSON, up to what does not.
fn take_plain(from: &mut &[u8], to: &mut Vec<u8>) {
    while let Some((step, rest)) = from.split_first_chunk::<STEP>() {
        // All are copied, and those taken back that are not plain: cheaper than to copy so many.
        to.extend_from_slice(step);
        let plain = plain(*step);
        if plain < STEP {
            to.truncate(to.len() - (STEP - plain));
            *from = &from[plain..];
            return;
        }
        *from = rest;
    }
    while let Some((byte, rest)) = from.split_first()
        && !matches!(byte, ..b' ' | b'"' | b'\\')
    {
        to.push(*byte);
        *from = rest;
    }
}

/// How many of them stand for themselves, up to the first that does not.
fn plain(step: [u8; STEP]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; STEP]);
    const HIGH: u64 = u64::from_le_bytes([0x80; STEP]);
    let word = u64::from_le_bytes(step);
    // The high bit of each byte that is below the limit, and of some that come after such a one.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGH;
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let marks = below(word, b' ') | is(b'"') | is(b'\\');
    (marks.trailing_zeros() / u8::BITS) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quoted(text: &str) -> String {
        let mut json = Vec::from(b"\"");
        escape(text.as_bytes(), &mut json);
        json.push(b'"');
        String::from_utf8(json).expect("a text")
    }

    #[test]
    fn every_character_below_256_is_written_as_serde_json_does() {
        for place in 0..STEP {
            for character in '\0'..='\u{ff}' {
                let text = format!("{}{character}{}", "a".repeat(place), "b".repeat(STEP));
                assert_eq!(quoted(&text), serde_json::to_string(&text).expect("JSON"), "{text:?}");
            }
        }
    }

    #[test]
    fn what_is_no_text_is_not_read() {
        for json in ["", "abc", "abcdefgh", "abc\\", "abc\\x\"", "abc\n\"", "\\u00e9\""] {
            assert_eq!(unescape(json), None, "{json:?}");
        }
        assert_eq!(unescape(r#"\b\f\n\r\t\/\\"rest"#), Some(("\u{8}\u{c}\n\r\t/\\".into(), 15)));
    }

    proptest! {
        #[test]
        fn a_text_is_written_as_serde_json_does(text in "[ -~é\u{0}-\u{1f}\\\\\"]{0,40}|\\PC{0,40}") {
            prop_assert_eq!(quoted(&text), serde_json::to_string(&text).expect("JSON"));
        }

        #[test]
        fn a_text_in_a_text_is_read_by_reading_twice(text in "[ -~é\\\\\"\n\u{1}]{0,20}") {
            let mut twice = Vec::from(br#""\""#);
            escape_twice(&text, &mut twice);
            twice.extend_from_slice(br#"\"""#);
            let once: String = serde_json::from_slice(&twice).expect("JSON");
            prop_assert_eq!(serde_json::from_str::<String>(&once).expect("JSON"), text);
        }

        #[test]
        fn what_is_read_is_what_serde_json_reads(json in "([ -~é]|\\\\[\"\\\\/bfnrtux]){0,40}\"?") {
            let whole = format!("\"{json}");
            let read = serde_json::Deserializer::from_str(&whole).into_iter::<String>().next();
            match unescape(&json) {
                Some((text, length)) => {
                    prop_assert_eq!(read.expect("there").expect("a text"), text);
                    prop_assert!(json[..length].ends_with('"'));
                }
                None => prop_assert!(json.contains("\\u") || read.is_none_or(|it| it.is_err())),
            }
        }

        #[test]
        fn what_is_written_is_read(text in "[ -~é\"\\\\\n]{0,40}") {
            let json = quoted(&text);
            let followed = format!("{json},\"more\"");
            prop_assert_eq!(unescape(&followed[1..]), Some((text, json.len() - 1)));
        }
    }
}

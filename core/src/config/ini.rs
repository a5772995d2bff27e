//! INI files as oslo.config reads them.
//!
//! The crate `ini` reads them, without its own quotes and escapes, so that a backslash in a
//! password is a backslash. It reads more than oslo.config would (a key over several lines, a
//! value that goes on after an empty line, a line that goes on after a backslash), so the lines
//! are looked at first.

use ini::{Ini, ParseOption};

/// One section with all that was said in it, in order; a key that was repeated is there
/// repeatedly.
pub(crate) type Sections = Vec<(String, Vec<(String, String)>)>;

/// The name of the section of what stands before the first section.
const FIRST: &str = "DEFAULT";

/// Reads the text of an INI file.
///
/// An error names the line and says what is wrong there, and shows nothing of the line, which may
/// hold a secret.
pub(crate) fn read(text: &str) -> Result<Sections, String> {
    let options = ParseOption {
        enabled_quote: false,
        enabled_escape: false,
        enabled_indented_mutiline_value: true,
        ..ParseOption::default()
    };
    let ini = Ini::load_from_str_opt(&guarded(text)?, options)
        .map_err(|error| format!("line {}: {}", error.line, error.msg))?;
    let sections = ini.iter().map(|(section, properties)| {
        let said = properties.iter().map(|(key, value)| (key.to_owned(), unquoted(value)));
        (section.unwrap_or(FIRST).to_owned(), said.collect())
    });
    Ok(sections.filter(|(_, said): &(_, Vec<_>)| !said.is_empty()).collect())
}

/// The lines that oslo.config would take, without comments, each so that the parser takes it for
/// what it is.
fn guarded(text: &str) -> Result<String, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut guarded = String::with_capacity(text.len());
    let mut in_value = false;
    for (i, line) in text.split('\n').enumerate() {
        let line = line.trim_end();
        let wrong = |what: &str| Err(format!("line {}: {what}", i + 1));
        in_value = match line.chars().next() {
            Some(' ' | '\t') if in_value => true,
            _ if line.is_empty() || line.trim_start().starts_with(['#', ';']) => false,
            Some(' ' | '\t') => return wrong("an indented line that continues no value"),
            Some('[') => {
                let name = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
                if name.is_none_or(|name| name.trim().is_empty() || name.contains(']')) {
                    return wrong("a section is written [name]");
                }
                false
            }
            _ => {
                if line.find(['=', ':']).is_none_or(|end| line[..end].trim().is_empty()) {
                    return wrong("neither a [section], nor 'key = value', nor a '# comment'");
                }
                true
            }
        };
        if in_value || line.starts_with('[') {
            guarded.push_str(line);
        }
        if line.ends_with('\\') {
            // The parser would take the next line for the same.
            guarded.push(' ');
        }
        guarded.push('\n');
    }
    Ok(guarded)
}

/// A value without the quotes around it.
fn unquoted(value: &str) -> String {
    let inner = ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote).and_then(|value| value.strip_suffix(quote)));
    inner.unwrap_or(value).to_owned()
}

/// A value as a file must say it to be read the same: in quotes when it would lose something,
/// further lines indented.
pub(super) fn written(value: &str) -> String {
    let bare = value.trim() == value && unquoted(value) == value;
    let value = if bare { value.to_owned() } else { format!("\"{value}\"") };
    value.replace('\n', "\n    ")
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn said(text: &str) -> Vec<(String, String, String)> {
        let sections = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let said = sections.into_iter().flat_map(|(section, said)| {
            said.into_iter().map(move |(key, value)| (section.clone(), key, value))
        });
        said.collect()
    }

    #[track_caller]
    fn assert_said(text: &str, expected: &[(&str, &str, &str)]) {
        let said = said(text);
        let said: Vec<_> =
            said.iter().map(|(s, k, v)| (s.as_str(), k.as_str(), v.as_str())).collect();
        assert_eq!(said, expected, "{text}");
    }

    #[test]
    fn keys_are_repeated_and_sections_go_on_later() {
        assert_said(
            "[a]\nx = 1\nx: 2\n[b]\ny=3\n[a]\nx=4\n",
            &[("a", "x", "1"), ("a", "x", "2"), ("b", "y", "3"), ("a", "x", "4")],
        );
    }

    #[test]
    fn what_stands_before_the_first_section_is_in_default() {
        assert_said("x = 1\n", &[("DEFAULT", "x", "1")]);
    }

    #[test]
    fn comments_are_whole_lines() {
        assert_said(
            "# x = 1\n; y\n[a]\n  # indented = 1\nx = a # b ; c\n#y\n",
            &[("a", "x", "a # b ; c")],
        );
    }

    #[test]
    fn an_indented_line_continues_a_value() {
        assert_said(
            "[a]\nx = 1,\n  2,\n\t# 3\ny =\n    z\n\nw = 1\n",
            &[("a", "x", "1,\n2,\n# 3"), ("a", "y", "z"), ("a", "w", "1")],
        );
        let error = read("[a]\nx = 1\n\n  2\n").expect_err("nothing to continue");
        assert!(error.starts_with("line 4:"), "{error}");
    }

    #[test]
    fn quotes_around_a_value_are_stripped_and_others_stay() {
        assert_said(
            "[a]\nx = \" y \"\nx = 'y'\nx = \"y'\nx = \"\nx = y\"z\"\nx = ''\n",
            &[
                ("a", "x", " y "),
                ("a", "x", "y"),
                ("a", "x", "\"y'"),
                ("a", "x", "\""),
                ("a", "x", "y\"z\""),
                ("a", "x", ""),
            ],
        );
    }

    #[test]
    fn a_backslash_is_a_backslash() {
        assert_said(
            "[a]\nx = a\\nb\\\\c\\\ny = \\\nz = 1\\",
            &[("a", "x", "a\\nb\\\\c\\"), ("a", "y", "\\"), ("a", "z", "1\\")],
        );
    }

    #[test]
    fn the_value_begins_at_the_first_separator() {
        assert_said("[a]\nx = b:c=d\ny:e=f\n", &[("a", "x", "b:c=d"), ("a", "y", "e=f")]);
    }

    #[test]
    fn line_ends_of_any_system_are_taken() {
        assert_said("\u{feff}[a]\r\nx = 1\r\n  2\ry = 3", &[("a", "x", "1\n2"), ("a", "y", "3")]);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line_and_not_shown() {
        for (text, line) in [
            ("[a]\nhunter2\n", 2),
            ("[hunter2\n", 1),
            ("x = 1\n[]\n", 2),
            ("[a]b]\n", 1),
            ("\n\n = hunter2\n", 3),
            (" hunter2", 1),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.starts_with(&format!("line {line}: ")), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    /// A text without what no INI file can say: control characters, empty lines, and blanks
    /// around the lines of a value of several.
    fn value() -> impl Strategy<Value = String> {
        let line = "[!-~é]([ -~é]{0,10}[!-~é])?";
        prop_oneof![vec(line, 0..4).prop_map(|lines| lines.join("\n")), "[ -~]{0,12}"]
    }

    proptest! {
        #[test]
        fn any_text_is_sections_or_an_error_with_a_line(
            text in prop_oneof!["[ -~\\n\\t]{0,80}", "[a=\\[\\]:#;\\\\ \\n\\r'\"]{0,40}", any::<String>()]
        ) {
            if let Err(error) = read(&text) {
                prop_assert!(error.starts_with("line "), "{}", error);
            }
        }

        #[test]
        fn what_was_written_is_read(
            sections in vec(("[a-z_]{1,8}", vec(("[a-z_]{1,8}", value()), 1..4)), 1..4)
        ) {
            let mut text = String::new();
            let mut expected = Vec::new();
            for (i, (section, pairs)) in sections.into_iter().enumerate() {
                let section = format!("{section}{i}");
                text.extend(["[", &section, "]\n"]);
                for (key, value) in &pairs {
                    text.extend([key, " = ", &written(value), "\n"]);
                }
                expected.push((section, pairs));
            }
            let read = read(&text).expect("what was written");
            prop_assert_eq!(read, expected, "{}", text);
        }
    }
}

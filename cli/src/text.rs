//! Small things about text.

/// What stands where something was left out of a URL.
const HIDDEN: &str = "***";

/// The first lines of a text, with a word on how many more there were.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let text = visible(text);
    let total = text.lines().count();
    if total <= most {
        return text.trim_end().to_owned();
    }
    let first: Vec<_> = text.lines().take(most).collect();
    format!("{} … ({} lines more)", first.join("\n"), total - most)
}

/// The text with so many spaces before each line.
pub(crate) fn indented(text: &str, spaces: usize) -> String {
    let text = visible(text);
    let lines = text.lines().map(|line| format!("{:spaces$}{line}", ""));
    lines.collect::<Vec<_>>().join("\n")
}

/// The text without control characters: what came over the bus must not steer the terminal.
pub(crate) fn visible(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\t' => character,
        control if control.is_control() => '\u{fffd}',
        other => other,
    };
    text.chars().map(shown).collect()
}

/// The text in lines of this width at most, broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The text in one line of a terminal at most: line breaks become spaces, what is too long is cut.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let text = visible(text).replace(['\n', '\t'], " ");
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The text with everything hidden that could be a secret of a URL: what follows the first `:` of
/// its authority up to the last `@`, and its query.
pub(crate) fn mask_urls(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + "://".len());
        masked.push_str(before);
        let end = after.find(char::is_whitespace).unwrap_or(after.len());
        let (url, following) = after.split_at(end);
        masked.push_str(&mask_url(url));
        rest = following;
    }
    masked.push_str(rest);
    masked
}

fn mask_url(url: &str) -> String {
    let (user_and_hosts, query) = match url.rfind('@') {
        // A password may hold a question mark.
        Some(at) => match url[at..].find('?') {
            Some(mark) => url.split_at(at + mark),
            None => (url, ""),
        },
        None => url.split_at(url.find('?').unwrap_or(url.len())),
    };
    let mut masked = match (user_and_hosts.find(':'), user_and_hosts.rfind('@')) {
        (Some(colon), Some(at)) if colon < at => {
            format!("{}:{HIDDEN}{}", &user_and_hosts[..colon], &user_and_hosts[at..])
        }
        _ => user_and_hosts.to_owned(),
    };
    if !query.is_empty() {
        masked.push('?');
        masked.push_str(HIDDEN);
        // The quotation mark of whoever quoted the URL.
        masked.extend(query.chars().last().filter(|last| *last == '\''));
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(shortened("a\nb\nc\n", 2), "a\nb … (1 lines more)");
        assert_eq!(shortened("a\nb\n", 2), "a\nb");
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(one_line("ab\ncd", 8), "ab cd");
        assert_eq!(wrapped("ab cd\n efg hijklm", 6), ["ab cd", "efg", "hijklm"]);
        assert_eq!(wrapped("ab cd", 5), ["ab cd"]);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(visible("a\x1b[31mb\n"), "a\u{fffd}[31mb\n");
    }

    #[test]
    fn secrets_of_urls_are_masked() {
        let cases = [
            ("'pika://u:pw@h/v' found", "'pika://u:***@h/v' found"),
            ("pika://u:p1@a,u:p2@b/v", "pika://u:***@b/v"),
            ("pika://u:p?w/@h:1/v?key=pw", "pika://u:***@h:1/v?***"),
            ("'pika://h/?key=pw' x", "'pika://h/?***' x"),
            ("pika://h:5672/v", "pika://h:5672/v"),
            ("no URL: a@b", "no URL: a@b"),
        ];
        for (text, masked) in cases {
            assert_eq!(mask_urls(text), masked);
        }
    }
}

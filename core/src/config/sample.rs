use super::{OptionInfo, ini};

/// How long a line of the sample may get, in characters.
const WIDTH: usize = 92;

/// A sample configuration file in oslo.config's format: every option with its text, its type and
/// its default, commented out.
///
/// ```
/// use busway_core::config::{self, NotificationOptions};
///
/// let sample = config::sample(&config::describe::<NotificationOptions>());
/// assert!(sample.starts_with("[oslo_messaging_notifications]\n"));
/// assert!(sample.contains("\n# The topics that a notification goes to.\n# (list)\n"));
/// assert!(sample.contains("\n#topics = notifications\n"));
/// ```
#[must_use]
pub fn sample(options: &[OptionInfo]) -> String {
    let mut text = String::new();
    let mut section = None;
    for option in options {
        if section != Some(option.section) {
            if section.is_some() {
                text.push('\n');
            }
            text.extend(["[", option.section, "]\n"]);
            section = Some(option.section);
        }
        text.push('\n');
        for line in option.text.lines() {
            comment(&mut text, line);
        }
        comment(&mut text, &format!("({})", option.kind));
        let default = option.default.as_deref().map(ini::written).unwrap_or_default();
        let default = default.replace('\n', "\n#");
        text += format!("#{} = {default}", option.name).trim_end();
        text.push('\n');
    }
    text
}

/// A line of text as lines of comment, broken between words.
fn comment(out: &mut String, line: &str) {
    let mut width = 0;
    for word in line.split_whitespace() {
        let length = word.chars().count() + 1;
        if width == 0 || width + length > WIDTH {
            out.push_str(if width == 0 { "#" } else { "\n#" });
            width = 1;
        }
        out.push(' ');
        out.push_str(word);
        width += length;
    }
    out.push_str(if width == 0 { "#\n" } else { "\n" });
}

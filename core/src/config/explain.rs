use std::fmt;

use super::describe::to_text;
use super::view::View;
use super::{OptionInfo, Origin};
use crate::url::TransportUrl;
use crate::{Error, MASK};

/// What a configuration was understood to say.
#[derive(Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// Every option of every section known, with its value.
    pub options: Vec<ExplainedOption>,
    /// What works and should be changed: deprecated names.
    pub warnings: Vec<String>,
    /// All that is wrong; an option with a bad value stands among the options with its default.
    pub errors: Vec<Error>,
}

/// An option with its value and where that came from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExplainedOption {
    /// The section.
    pub section: &'static str,
    /// The name.
    pub name: String,
    /// The value as a configuration file would say it, masked when it is a secret (of a
    /// transport's URL, only what is secret in it); `None` where there is none.
    pub value: Option<String>,
    /// Where it came from.
    pub origin: Origin,
}

impl fmt::Display for ExplainedOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { section, name, value, origin } = self;
        match value {
            Some(value) => write!(f, "[{section}] {name} = {value} ({origin})"),
            None => write!(f, "[{section}] {name} is not set ({origin})"),
        }
    }
}

/// Each option known, with its value.
pub(super) fn options(view: &View<'_>) -> Vec<ExplainedOption> {
    view.known.iter().map(|option| explained(view, option)).collect()
}

fn explained(view: &View<'_>, option: &OptionInfo) -> ExplainedOption {
    let said = view.said(option.section, &option.name);
    let resolved = match said {
        Some(said) => view.value_said(option, said).map(Some),
        None => view.default_value(option),
    };
    let (value, origin) = match (resolved, said) {
        (Ok(Some(resolved)), _) => {
            let text = to_text(&resolved.value);
            let text = if resolved.secret { text.as_deref().map(masked) } else { text };
            (text, said.map_or(Origin::Default, |said| said.origin.clone()))
        }
        _ => (option.default.clone(), Origin::Default),
    };
    ExplainedOption { section: option.section, name: option.name.clone(), value, origin }
}

/// A secret as it may be shown: of a transport's URL, all but what is secret in it.
fn masked(secret: &str) -> String {
    if secret.contains("://")
        && let Ok(url) = TransportUrl::parse_quietly(secret)
    {
        return url.to_string();
    }
    MASK.to_owned()
}

//! Options from the environment: `BUSWAY_OPTION` of `[DEFAULT]`, `BUSWAY_SECTION__OPTION`.

use std::ffi::OsString;

use super::deprecated::is_old_name;
use super::layer::{DEFAULT, section_name};

/// What the names of our variables begin with.
const PREFIX: &str = "BUSWAY_";

/// One variable of ours.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) section: String,
    pub(super) key: String,
    /// `None` when it is no Unicode.
    pub(super) value: Option<String>,
}

/// The variables that are ours; those with an option's old name first, so that its new name wins.
pub(super) fn ours(all: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<Variable> {
    let ours = all.into_iter().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        let (section, key) = place(name.strip_prefix(PREFIX)?);
        Some(Variable { name, section, key, value: value.into_string().ok() })
    });
    let mut ours: Vec<_> = ours.collect();
    ours.sort_by_key(|it| (!is_old_name(&it.section, &it.key), it.name.clone()));
    ours
}

/// The section and the key that a variable names.
fn place(name: &str) -> (String, String) {
    match name.split_once("__") {
        Some((section, key)) => (section_name(section), key.to_lowercase()),
        None => (DEFAULT.to_owned(), name.to_lowercase()),
    }
}

/// The variable of an option.
pub(super) fn variable_of(section: &str, key: &str) -> String {
    let key = key.to_uppercase();
    match section {
        DEFAULT => format!("{PREFIX}{key}"),
        section => format!("{PREFIX}{}__{key}", section.to_uppercase()),
    }
}

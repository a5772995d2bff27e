use std::collections::BTreeMap;

use super::Origin;
use super::deprecated::Renamed;
use super::known::Known;
use super::layer::{Said, Sections};
use crate::{Error, ErrorKind};

/// What was said and what is known: all that is needed to read a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) sections: &'a Sections,
    pub(super) known: &'a Known,
    /// The old names that were found, and where.
    pub(super) renamed: &'a [(Origin, Renamed)],
}

impl<'a> View<'a> {
    /// All that was said in a section.
    pub(super) fn said_in(&self, section: &str) -> Option<&'a BTreeMap<String, Said>> {
        self.sections.get(section)
    }

    /// What was said of an option, ours or another program's.
    pub(super) fn said(&self, section: &str, key: &str) -> Option<&'a Said> {
        self.said_in(section)?.get(key)
    }

    /// Whether there is such an option, ours or another program's.
    pub(super) fn has(&self, section: &str, key: &str) -> bool {
        self.said(section, key).is_some() || self.known.find(section, key).is_some()
    }

    /// The error of one option: what is wrong with it, and where that was said.
    pub(super) fn problem(
        &self,
        section: &str,
        key: &str,
        origin: &Origin,
        message: impl Into<String>,
    ) -> Error {
        let error = origin.tell(Error::new(ErrorKind::Configuration, message));
        let error = error.with("section", section).with("key", key);
        let old = self
            .renamed
            .iter()
            .find(|(place, renamed)| place == origin && renamed.new == (section, key));
        match old {
            Some((_, Renamed { old: (section, key), .. })) => {
                error.with("written as", format_args!("[{section}] {key}"))
            }
            None => error,
        }
    }
}

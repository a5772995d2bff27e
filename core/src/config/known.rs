use std::sync::LazyLock;

use super::nearest::nearest;
use super::{CoreOptions, NotificationOptions, OptionInfo, describe};
use crate::driver::Registry;

/// The core's own options.
static CORE: LazyLock<Vec<OptionInfo>> = LazyLock::new(|| {
    let mut options = describe::<CoreOptions>();
    options.extend(describe::<NotificationOptions>());
    options
});

/// The options there are: the core's and the drivers', section by section.
#[derive(Clone, Debug)]
pub(super) struct Known(Vec<OptionInfo>);

impl Known {
    /// The core's options alone.
    pub(super) fn core() -> Self {
        Self(CORE.clone())
    }

    /// The core's options and those of these drivers.
    pub(super) fn with_drivers(registry: &Registry) -> Self {
        let mut known = Self::core();
        for driver in registry.iter() {
            known.add((driver.options)());
        }
        known
    }

    /// Adds the options of a section; those that are known are not added again.
    pub(super) fn add(&mut self, options: Vec<OptionInfo>) {
        for option in options {
            if self.find(option.section, &option.name).is_none() {
                self.0.push(option);
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &OptionInfo> {
        self.0.iter()
    }

    pub(super) fn find(&self, section: &str, name: &str) -> Option<&OptionInfo> {
        self.0.iter().find(|option| option.section == section && option.name == name)
    }

    pub(super) fn of_section(&self, section: &str) -> impl Iterator<Item = &OptionInfo> {
        self.0.iter().filter(move |option| option.section == section)
    }

    /// One option of each section.
    pub(super) fn sections(&self) -> impl Iterator<Item = &OptionInfo> {
        let first = |i: usize, option: &OptionInfo| {
            !self.0[..i].iter().any(|earlier| earlier.section == option.section)
        };
        self.0.iter().enumerate().filter(move |(i, option)| first(*i, option)).map(|(_, it)| it)
    }

    /// The name that was meant instead of one that is not there, to say after the rest.
    pub(super) fn hint(&self, section: &str, name: &str) -> String {
        let names = || self.of_section(section).map(|option| option.name.as_str());
        if let Some(near) = nearest(name, names()) {
            return format!(": did you mean {near}?");
        }
        let elsewhere = self.0.iter().find(|option| option.name == name);
        let there = elsewhere.map(|option| format!(", but there is one in [{}]", option.section));
        there.unwrap_or_default()
    }
}

//! Configuration: defaults, a file, the environment, the URL's query, lowest to highest.

mod options;
mod seconds;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use options::{CoreOptions, NotificationOptions};
pub use schemars;
pub use seconds::Seconds;

use crate::url::TransportUrl;
use crate::{Error, ErrorKind, Limits, Result};

/// A struct whose fields are the options of one section, each documented, each with a default.
///
/// The doc comment of a field is the text of its option, everywhere it is shown.
pub trait Options: Default + Serialize + DeserializeOwned + JsonSchema {
    /// The section's name in a configuration file.
    const SECTION: &'static str;

    /// Checks what types alone cannot say.
    ///
    /// # Errors
    /// The name of the option and what is wrong with it.
    fn check(&self) -> Result<(), (&'static str, String)> {
        Ok(())
    }
}

/// One option, as the sample file, the command line and the book show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OptionInfo {
    /// The section.
    pub section: &'static str,
    /// The name.
    pub name: String,
    /// What its value is: `string`, `integer`, `number`, `seconds`, `boolean`, `list`, or the
    /// values there are.
    pub kind: String,
    /// The default, as a configuration file would say it; `None` where there is none.
    pub default: Option<String>,
    /// What it does.
    pub text: String,
    /// Whether its value must not be shown.
    pub secret: bool,
}

/// The options of a section, from its options struct.
#[must_use]
pub fn describe<T: Options>() -> Vec<OptionInfo> {
    Vec::new()
}

/// The configuration of a program: what was said where, and what that means.
#[derive(Clone, Debug, Default)]
pub struct Config(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    core: CoreOptions,
    notifications: NotificationOptions,
}

impl Config {
    /// The defaults alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The core's own options: section `[DEFAULT]`.
    #[must_use]
    pub fn core(&self) -> &CoreOptions {
        &self.0.core
    }

    /// The options of section `[oslo_messaging_notifications]`.
    #[must_use]
    pub fn notifications(&self) -> &NotificationOptions {
        &self.0.notifications
    }

    /// The limits of what is sent and read.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits { max_size: self.core().max_body_size, max_depth: self.core().max_body_depth }
    }

    /// The options of a section.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) names the file, the section,
    /// the key, and the nearest known name.
    pub fn section<T: Options>(&self) -> Result<T> {
        Ok(T::default())
    }

    /// The options of a driver's section with those of the URL's query on top.
    ///
    /// # Errors
    /// As [`section`](Self::section).
    pub fn driver_section<T: Options>(&self, url: &TransportUrl) -> Result<T> {
        let mut values = serde_json::to_value(T::default()).unwrap_or_default();
        for (key, value) in url.query() {
            values[key] = serde_json::from_str(value).unwrap_or_else(|_| value.clone().into());
        }
        serde_json::from_value(values)
            .map_err(|error| Error::new(ErrorKind::Configuration, error.to_string()))
    }
}

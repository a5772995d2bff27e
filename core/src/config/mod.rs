//! Configuration: defaults, files, the environment, the URL's query, lowest to highest.
//!
//! Section and option names are oslo.messaging's, so that a service's file works unchanged; what
//! a file says to other programs is not looked at. Each option is a documented field of an
//! [`Options`] struct, and nothing else is known of it anywhere.

mod builder;
mod coerce;
mod declare;
mod deprecated;
mod describe;
mod environment;
mod explain;
mod file;
mod ini;
mod interpolate;
mod known;
mod layer;
mod nearest;
mod options;
mod origin;
mod resolve;
mod sample;
mod seconds;
mod shape;
mod view;
mod yaml;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

#[cfg(any(test, fuzzing))]
pub(crate) use ini::read as read_ini;

pub use builder::ConfigBuilder;
pub use declare::{OptionInfo, Options};
pub use describe::describe;
pub use explain::{ExplainedOption, Explanation};
pub use options::{CoreOptions, NotificationOptions};
pub use origin::Origin;
pub use sample::sample;
pub use schemars;
pub use seconds::Seconds;

use crate::url::TransportUrl;
use crate::{Limits, Result};
use builder::combined;
use deprecated::{Renamed, instead_of};
use known::Known;
use layer::{Raw, Said, Sections};
use view::View;

/// The configuration of a program: what was said where, and what that means. Cheap to clone.
///
/// ```no_run
/// use busway_core::{Config, Transport};
///
/// # async fn example() -> busway_core::Result<()> {
/// let config = Config::load("/etc/nova/nova.conf")?;
/// let transport = Transport::from_config(&config).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Config(Arc<Inner>);

struct Inner {
    core: CoreOptions,
    notifications: NotificationOptions,
    sections: Sections,
    known: Known,
    renamed: Vec<(Origin, Renamed)>,
}

impl Config {
    /// The defaults alone.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            core: CoreOptions::default(),
            notifications: NotificationOptions::default(),
            sections: Sections::new(),
            known: Known::core(),
            renamed: Vec::new(),
        }))
    }

    /// A configuration of files, variables and values to name.
    #[must_use]
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::default()
    }

    /// The configuration of a file and, over it, the environment.
    ///
    /// # Errors
    /// As [`ConfigBuilder::build`].
    pub fn load(path: impl Into<PathBuf>) -> Result<Self> {
        Self::builder().file(path).environment().build()
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
        self.section_with(BTreeMap::new())
    }

    /// The options of a driver's section with those of the URL's query on top.
    ///
    /// # Errors
    /// As [`section`](Self::section); of an option of the query it names the URL.
    pub fn driver_section<T: Options>(&self, url: &TransportUrl) -> Result<T> {
        let origin = Origin::Url(url.to_string());
        let said = url.query().iter().map(|(key, value)| {
            let value = Raw::Texts(vec![value.clone()]);
            (key.clone(), Said { value, origin: origin.clone() })
        });
        self.section_with(said.collect())
    }

    fn section_with<T: Options>(&self, on_top: BTreeMap<String, Said>) -> Result<T> {
        let mut known = None;
        if self.0.known.of_section(T::SECTION).next().is_none() {
            known.insert(self.0.known.clone()).add(describe::<T>());
        }
        let view = View { known: known.as_ref().unwrap_or(&self.0.known), ..self.view() };
        view.read(on_top).map_err(|errors| {
            combined(errors).expect("a section that cannot be read has something wrong in it")
        })
    }

    /// Where the value of an option came from.
    ///
    /// ```
    /// use busway_core::Config;
    /// use busway_core::config::Origin;
    ///
    /// let config = Config::builder().set("DEFAULT", "control_exchange", "nova").build()?;
    /// assert_eq!(config.origin("DEFAULT", "control_exchange"), Origin::Code);
    /// assert_eq!(config.origin("DEFAULT", "transport_url"), Origin::Default);
    /// # Ok::<(), busway_core::Error>(())
    /// ```
    #[must_use]
    pub fn origin(&self, section: &str, key: &str) -> Origin {
        let said = self.view().said(section, key);
        said.map_or(Origin::Default, |said| said.origin.clone())
    }

    /// Every option of every section known with its value and where that came from.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let options = explain::options(&self.view());
        Explanation { options, warnings: self.warnings(), errors: Vec::new() }
    }

    /// What works and should be changed.
    fn warnings(&self) -> Vec<String> {
        let renamed = self.0.renamed.iter().map(|(origin, Renamed { old, new })| {
            let ((old_section, old), (section, new)) = (old, new);
            format!("{origin}: [{old_section}] {old} is deprecated: use [{section}] {new}")
        });
        let said =
            self.0.sections.iter().flat_map(|(section, said)| {
                said.iter().map(move |(key, said)| (section, key, said))
            });
        let obsolete = said.filter_map(|(section, key, Said { origin, .. })| {
            let instead = instead_of(section, key)?;
            Some(format!("{origin}: [{section}] {key} is deprecated: {instead}"))
        });
        renamed.chain(obsolete).collect()
    }

    fn view(&self) -> View<'_> {
        let Inner { sections, known, renamed, .. } = &*self.0;
        View { sections, known, renamed }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Config {
    /// The options of the core; what else was said may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("core", &self.0.core)
            .field("notifications", &self.0.notifications)
            .field("sections", &self.0.sections.keys())
            .finish_non_exhaustive()
    }
}

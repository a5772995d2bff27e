use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{Capabilities, Driver};
use crate::config::{Config, OptionInfo};
use crate::url::TransportUrl;
use crate::{Error, ErrorKind, Result};

/// What opening a driver returns.
pub type OpenFuture = Pin<Box<dyn Future<Output = Result<Arc<dyn Driver>>> + Send>>;

/// What a driver is opened with.
#[derive(Clone, Debug)]
pub struct OpenRequest {
    /// Where to; its scheme is one of the driver's.
    pub url: TransportUrl,
    /// The options of the driver's section, and the core's own.
    pub config: Config,
}

/// What a driver crate registers: its names, what it can do, how it is opened.
///
/// A driver crate submits one at link time; the program must name the crate (`use the_driver as
/// _;`), or the linker leaves it out.
///
/// ```
/// use busway_core::driver::{Capabilities, DriverInfo, OpenFuture, OpenRequest};
/// use busway_core::Error;
///
/// fn open(_: OpenRequest) -> OpenFuture {
///     Box::pin(async { Err(Error::unsupported("a driver of an example")) })
/// }
///
/// busway_core::inventory::submit! {
///     DriverInfo {
///         name: "example",
///         schemes: &["example"],
///         summary: "Carries nothing",
///         capabilities: Capabilities::NONE,
///         section: "oslo_messaging_example",
///         options: Vec::new,
///         open,
///     }
/// }
/// # fn main() {
/// assert!(busway_core::driver::Registry::linked().find("example").is_ok());
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct DriverInfo {
    /// The driver's name.
    pub name: &'static str,
    /// The URL schemes it answers to, without what stands after a `+`.
    pub schemes: &'static [&'static str],
    /// What it is, in a line.
    pub summary: &'static str,
    /// What it can do.
    pub capabilities: Capabilities,
    /// The section of its options in a configuration file.
    pub section: &'static str,
    /// Its options, from its options struct ([`crate::config::describe`]).
    pub options: fn() -> Vec<OptionInfo>,
    /// Opens a transport.
    pub open: fn(OpenRequest) -> OpenFuture,
}

impl fmt::Debug for DriverInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriverInfo")
            .field("name", &self.name)
            .field("schemes", &self.schemes)
            .finish_non_exhaustive()
    }
}

inventory::collect!(DriverInfo);

/// The drivers that a transport can be opened with.
///
/// ```
/// use busway_core::ErrorKind;
/// use busway_core::driver::Registry;
///
/// let error = Registry::empty().find("carrier-pigeon").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::UnknownScheme);
/// ```
#[derive(Clone, Debug)]
pub struct Registry(Vec<DriverInfo>);

impl Registry {
    /// No driver.
    #[must_use]
    pub fn empty() -> Self {
        Self(Vec::new())
    }

    /// Every driver that was linked into the program, by name.
    #[must_use]
    pub fn linked() -> Self {
        let mut drivers: Vec<_> = inventory::iter::<DriverInfo>.into_iter().copied().collect();
        drivers.sort_by_key(|driver| driver.name);
        Self(drivers)
    }

    /// Adds a driver by hand; it goes before others of the same scheme.
    #[must_use]
    pub fn with(mut self, driver: DriverInfo) -> Self {
        self.0.insert(0, driver);
        self
    }

    /// The drivers.
    pub fn iter(&self) -> impl Iterator<Item = &DriverInfo> {
        self.0.iter()
    }

    /// The driver of a scheme.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownScheme`]; the message lists the schemes there are.
    pub fn find(&self, scheme: &str) -> Result<&DriverInfo> {
        self.0.iter().find(|driver| driver.schemes.contains(&scheme)).ok_or_else(|| {
            Error::new(
                ErrorKind::UnknownScheme,
                format!("no driver for the scheme '{scheme}'; {}", self.known_schemes()),
            )
        })
    }

    fn known_schemes(&self) -> String {
        let schemes: Vec<_> = self.0.iter().flat_map(|driver| driver.schemes).copied().collect();
        if schemes.is_empty() {
            return "no driver is registered: a driver crate that nobody names is left out by the \
                    linker, so name it with `use its_crate as _;` or enable its feature"
                .to_owned();
        }
        format!("registered: {}", schemes.join(", "))
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::linked()
    }
}

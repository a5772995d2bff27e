use std::fmt;
use std::path::PathBuf;

use crate::Error;

/// Where the value of an option came from.
///
/// ```
/// use busway_core::config::Origin;
///
/// let origin = Origin::Environment("BUSWAY_TRANSPORT_URL".to_owned());
/// assert_eq!(origin.to_string(), "environment variable BUSWAY_TRANSPORT_URL");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// The program itself, by [`ConfigBuilder::set`](super::ConfigBuilder::set).
    Code,
    /// The query of a transport URL, shown without its secrets.
    Url(String),
}

impl Origin {
    /// Adds to an error where the value came from.
    pub(crate) fn tell(&self, error: Error) -> Error {
        match self {
            Self::Default => error.with("set", "nowhere: the default"),
            Self::Code => error.with("set", "in code"),
            Self::File(path) => error.with("file", path.display()),
            Self::Environment(variable) => error.with("variable", variable),
            Self::Url(url) => error.with("url", url),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Code => f.write_str("set in code"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(variable) => write!(f, "environment variable {variable}"),
            Self::Url(url) => write!(f, "URL {url}"),
        }
    }
}

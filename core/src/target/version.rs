use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, ErrorKind};

/// The version of an RPC interface: `major.minor`, optionally `.revision`, as in oslo.messaging.
///
/// ```
/// use busway_core::Version;
///
/// let served: Version = "1.4".parse()?;
/// assert!(served.serves("1.2".parse()?));
/// assert!(!served.serves("1.5".parse()?));
/// assert!(!served.serves("2.0".parse()?));
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u32,
    minor: u32,
    revision: Option<u32>,
}

impl Version {
    /// `1.0`: what an endpoint serves and a client asks for when nothing else was said.
    pub const ONE: Self = Self::new(1, 0);

    /// The version `major.minor`.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor, revision: None }
    }

    /// The version `major.minor.revision`.
    #[must_use]
    pub const fn with_revision(self, revision: u32) -> Self {
        Self { revision: Some(revision), ..self }
    }

    /// Whether an implementation of this version serves a request for `requested`: the same
    /// major version and no newer minor one (nor revision, at the same minor version).
    #[must_use]
    pub fn serves(self, requested: Self) -> bool {
        if self.major != requested.major || requested.minor > self.minor {
            return false;
        }
        requested.minor < self.minor
            || requested.revision.unwrap_or(0) <= self.revision.unwrap_or(0)
    }
}

impl Default for Version {
    fn default() -> Self {
        Self::ONE
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.revision {
            Some(revision) => write!(f, ".{revision}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split('.').map(number);
        let version = (parts.next().flatten(), parts.next().flatten(), parts.next());
        match (version, parts.next()) {
            ((Some(major), Some(minor), None), None) => Ok(Self::new(major, minor)),
            ((Some(major), Some(minor), Some(Some(revision))), None) => {
                Ok(Self { major, minor, revision: Some(revision) })
            }
            _ => Err(Error::new(
                ErrorKind::InvalidTarget,
                format!("'{text}' is no version: expected MAJOR.MINOR, such as 1.0"),
            )),
        }
    }
}

fn number(part: &str) -> Option<u32> {
    part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|error: Error| serde::de::Error::custom(error.message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn compatibility_is_that_of_oslo_messaging() {
        let cases = [
            ("1.0", "1.0", true),
            ("1.1", "1.0", true),
            ("1.0", "1.1", false),
            ("2.0", "1.0", false),
            ("1.0", "2.0", false),
            ("1.10", "1.9", true),
            ("1.1.2", "1.1.1", true),
            ("1.1.2", "1.1.3", false),
            ("1.2", "1.1.9", true),
        ];
        for (served, requested, expected) in cases {
            assert_eq!(
                version(served).serves(version(requested)),
                expected,
                "{served} {requested}"
            );
        }
    }

    #[test]
    fn a_malformed_version_names_itself() {
        for text in ["", "1", "1.", "a.b", "1.0.0.0", "1.-1", "+1.0", "1.99999999999"] {
            let error = text.parse::<Version>().expect_err(text);
            assert_eq!(error.kind(), ErrorKind::InvalidTarget);
            assert!(error.message().contains(&format!("'{text}'")));
        }
    }

    #[test]
    fn a_version_round_trips() {
        for text in ["1.0", "2.13", "1.2.3"] {
            assert_eq!(version(text).to_string(), text);
        }
    }
}

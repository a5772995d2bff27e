use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// The priority of a notification: part of the name of the queue it goes to.
///
/// ```
/// use busway_core::notify::Priority;
///
/// assert_eq!("INFO".parse::<Priority>()?, Priority::Info);
/// assert_eq!(Priority::Info.as_str(), "info");
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// For auditors.
    Audit,
    /// For those who look for a fault.
    Debug,
    /// What happens in the usual course.
    Info,
    /// What may become a fault.
    Warn,
    /// What went wrong.
    Error,
    /// What needs somebody at once.
    Critical,
    /// A measurement.
    Sample,
}

impl Priority {
    /// Every priority.
    pub const ALL: [Self; 7] = [
        Self::Audit,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Error,
        Self::Critical,
        Self::Sample,
    ];

    /// The priority as queues name it, in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Sample => "sample",
        }
    }

    /// The priority as messages carry it, in upper case.
    #[must_use]
    pub fn as_wire(self) -> &'static str {
        match self {
            Self::Audit => "AUDIT",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
            Self::Sample => "SAMPLE",
        }
    }
}

impl AsRef<[Priority]> for Priority {
    /// The one priority, where several are taken.
    fn as_ref(&self) -> &[Priority] {
        std::slice::from_ref(self)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Priority {
    type Err = Error;

    /// In either case, as oslo.messaging's dispatcher takes it.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|priority| priority.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::as_str).join(", ");
                let message = format!("'{text}' is no priority: expected one of {names}");
                Error::new(ErrorKind::InvalidArgument, message)
            })
    }
}

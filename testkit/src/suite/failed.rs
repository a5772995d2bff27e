use std::fmt;
use std::panic::Location;

/// What a case returns.
pub type CaseResult<T = ()> = Result<T, Failed>;

/// Why a case failed, and where: any error, by `?`.
pub struct Failed {
    message: String,
    at: &'static Location<'static>,
}

impl Failed {
    /// A failure with a sentence that names what was expected and what was found.
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), at: Location::caller() }
    }

    /// What was expected and what was found, and where in the suite.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("{}\n    at {}", self.message, self.at)
    }
}

impl<E: std::error::Error> From<E> for Failed {
    #[track_caller]
    fn from(error: E) -> Self {
        let sources = std::iter::successors(error.source(), |error| error.source());
        let mut message = error.to_string();
        for source in sources {
            message = format!("{message}\n    because {source}");
        }
        Self::new(message)
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

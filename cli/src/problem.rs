//! What ends a command before its time.

use std::io;

use busway::Error;

use crate::exit::Exit;

/// Why a command could not do what it was asked: what is said, what may help, and the exit code.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) exit: Exit,
    pub(crate) cause: Cause,
    pub(crate) hint: Option<String>,
}

/// What is behind a problem.
#[derive(Debug)]
pub(crate) enum Cause {
    /// An error of the library.
    Bus(Box<Error>),
    /// The program's own words.
    Said(String),
    /// All has been said already.
    Told,
    /// Nobody reads what is written: `busway drivers | head -1`.
    Unread,
}

/// What a command returns.
pub(crate) type Outcome<T = ()> = Result<T, Problem>;

impl Problem {
    /// A problem in the program's own words.
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, cause: Cause::Said(text.into()), hint: None }
    }

    /// A problem that has been told already; only the exit code is left.
    pub(crate) fn told(exit: Exit) -> Self {
        Self { exit, cause: Cause::Told, hint: None }
    }

    /// Adds what may help, unless something more to the point was said before.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// The exit code.
    #[must_use]
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self { exit: error.kind().into(), cause: Cause::Bus(Box::new(error)), hint: None }
    }
}

/// For what is written to the standard output.
impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Ok, cause: Cause::Unread, hint: None };
        }
        Self::new(Exit::Failure, format!("the output could not be written: {error}"))
    }
}

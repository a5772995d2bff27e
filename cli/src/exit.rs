//! The exit codes: a promise to scripts.

use busway::ErrorKind;

/// How the program ends; the numbers stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All went well.
    Ok = 0,
    /// Something went wrong that has no code of its own.
    Failure = 1,
    /// The command line, the URL or the configuration is wrong.
    Usage = 2,
    /// The remote side answered with a failure.
    Remote = 3,
    /// No answer came in time, or the bus took nothing in time.
    Timeout = 4,
    /// Nobody serves the target.
    Undeliverable = 5,
    /// The bus could not be reached.
    Connection = 6,
    /// The bus refused the login, the virtual host or the permission.
    Refused = 7,
    /// The connection was lost halfway: what was sent ran, or it did not.
    InDoubt = 8,
    /// A second SIGINT ended it at once, as the shell counts it.
    Interrupted = 130,
    /// A second SIGTERM ended it at once, as the shell counts it.
    Terminated = 143,
}

impl Exit {
    /// Every code with what it says, in their order.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Ok, "all went well"),
        (Self::Failure, "something went wrong that has no code of its own"),
        (Self::Usage, "the command line, the URL or the configuration is wrong"),
        (Self::Remote, "the remote side answered with a failure"),
        (Self::Timeout, "no answer came in time, or the bus took nothing in time"),
        (Self::Undeliverable, "nobody serves the target"),
        (Self::Connection, "the bus could not be reached"),
        (Self::Refused, "the bus refused the login, the virtual host or a permission"),
        (Self::InDoubt, "the connection was lost halfway: what was sent ran, or it did not"),
        (Self::Interrupted, "a second SIGINT ended at once what the first one stopped"),
        (Self::Terminated, "a second SIGTERM ended at once what the first one stopped"),
    ];

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidUrl
            | ErrorKind::UnknownScheme
            | ErrorKind::Configuration
            | ErrorKind::InvalidTarget
            | ErrorKind::InvalidArgument
            | ErrorKind::Unsupported => Self::Usage,
            ErrorKind::Remote => Self::Remote,
            ErrorKind::Timeout | ErrorKind::Full => Self::Timeout,
            ErrorKind::Undeliverable => Self::Undeliverable,
            ErrorKind::Connection => Self::Connection,
            ErrorKind::Refused => Self::Refused,
            ErrorKind::InDoubt => Self::InDoubt,
            _ => Self::Failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_stay_as_they_are() {
        let codes = Exit::ALL.map(|(exit, _)| exit.code());
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 130, 143]);
    }
}

use std::any::{Any, type_name};
use std::fmt;

use crate::{Error, RemoteError};

/// What a handler fails with: any error type, by `?` or `into()`, with its class and module for
/// the caller, and whether it was to be expected.
///
/// An expected failure is sent back like any other, but the server logs it at debug level only
/// (oslo.messaging's `expected_exceptions`).
///
/// ```
/// use busway_core::rpc::Failure;
///
/// let failure: Failure = "x".parse::<u8>().unwrap_err().into();
/// assert_eq!(failure.as_remote().class, "ParseIntError");
///
/// let failure = Failure::new("NotFound", "shop.errors", "no such order").expected();
/// assert!(failure.is_expected());
/// ```
#[derive(Clone)]
pub struct Failure {
    remote: Box<RemoteError>,
    expected: bool,
}

impl Failure {
    /// A failure with this class, module and message.
    pub fn new(
        class: impl Into<String>,
        module: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::from_remote(RemoteError::new(class, module, message))
    }

    /// The failure as it goes over the wire.
    #[must_use]
    pub fn from_remote(remote: RemoteError) -> Self {
        Self { remote: Box::new(remote), expected: false }
    }

    /// The failure of a handler that panicked, with what it said.
    pub(crate) fn from_panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let message = text.map_or_else(
            || "the handler panicked".to_owned(),
            |text| format!("the handler panicked: {text}"),
        );
        Self::from_remote(RemoteError::panicked(message))
    }

    /// Marks it as expected: no fault of the server.
    #[must_use]
    pub fn expected(mut self) -> Self {
        self.expected = true;
        self
    }

    /// Whether it was expected.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        self.expected
    }

    /// What the caller will see.
    #[must_use]
    pub fn as_remote(&self) -> &RemoteError {
        &self.remote
    }

    /// What the caller will see, owned.
    #[must_use]
    pub fn into_remote(self) -> RemoteError {
        *self.remote
    }
}

/// The class is the name of the type, the module its path, the traceback the chain of sources.
/// What came from a remote side passes through as it came.
impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let any: &dyn Any = &error;
        if let Some(remote) = any.downcast_ref::<RemoteError>() {
            return Self::from_remote(remote.clone());
        }
        if let Some(remote) = any.downcast_ref::<Error>().and_then(Error::remote) {
            return Self::from_remote(remote.clone());
        }
        let (module, class) = path_of::<E>();
        let remote = RemoteError::new(class, module, error.to_string());
        Self::from_remote(remote.with_traceback(sources(&error)))
    }
}

/// The module and the name of a type, without its generic arguments.
fn path_of<E>() -> (&'static str, &'static str) {
    let path = type_name::<E>();
    let path = path.split_once('<').map_or(path, |(path, _)| path);
    path.rsplit_once("::").unwrap_or(("", path))
}

fn sources(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(error.source(), |error| error.source())
        .map(|source| format!("Caused by: {source}\n"))
        .collect()
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("remote", &self.remote)
            .field("expected", &self.expected)
            .finish()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.remote.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn an_error_of_ones_own_keeps_its_name_and_its_causes() {
        let error = Error::new(ErrorKind::Connection, "refused").because("port closed");
        let failure = Failure::from(error);
        assert_eq!(failure.as_remote().class, "Error");
        assert_eq!(failure.as_remote().module, "busway_core::error");
        assert_eq!(failure.as_remote().traceback, ["Caused by: port closed\n"]);
    }

    #[test]
    fn what_came_from_a_remote_side_passes_through() {
        let remote = RemoteError::new("ValueError", "builtins", "boom");
        for failure in [Failure::from(remote.clone()), Failure::from(Error::from(remote.clone()))] {
            assert_eq!(failure.as_remote(), &remote);
        }
    }
}

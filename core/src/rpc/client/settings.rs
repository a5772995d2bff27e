use std::sync::Arc;
use std::time::Duration;

use crate::driver::Retry;
use crate::{Context, Error, ErrorKind, Limits, Payload, Result, Target, Version};

/// What a client's calls are made with.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) target: Target,
    pub(super) context: Context,
    pub(super) timeout: Option<Duration>,
    pub(super) retry: Option<Retry>,
    pub(super) version_cap: Option<Version>,
    pub(super) call_monitor_timeout: Option<Duration>,
}

impl Settings {
    pub(super) fn check_for_call(&self) -> Result<()> {
        self.target.check_for_call()?;
        self.check_version_cap()
    }

    pub(super) fn check_for_cast(&self) -> Result<()> {
        self.target.topic_for_send()?;
        self.check_version_cap()
    }

    pub(super) fn can_send_version(&self, version: Version) -> bool {
        self.version_cap.is_none_or(|cap| cap.serves(version))
    }

    fn check_version_cap(&self) -> Result<()> {
        let version = self.target.version().unwrap_or_default();
        match self.version_cap {
            Some(cap) if !cap.serves(version) => {
                let message = format!("version {version} is above the version cap {cap}");
                Err(Error::new(ErrorKind::VersionCap, message).with("target", &self.target))
            }
            _ => Ok(()),
        }
    }
}

/// The method's name, which must not be empty.
pub(super) fn checked_method(method: &str) -> Result<Arc<str>> {
    if method.is_empty() {
        return Err(Error::new(ErrorKind::InvalidArgument, "the method has no name"));
    }
    Ok(method.into())
}

/// The arguments as an object, within the limits: they travel by name.
pub(super) fn checked_args(args: Payload, limits: &Limits) -> Result<Payload> {
    if args.is_null() {
        return Ok(Payload::empty_object());
    }
    if !args.is_object() {
        let message = "arguments travel by name: expected a struct, a map or (), \
                       something that is a JSON object";
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    limits.check(args.as_json().as_bytes())?;
    Ok(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_an_object_or_nothing() {
        let limits = Limits::default();
        let nothing = checked_args(Payload::null(), &limits).expect("no arguments");
        assert_eq!(nothing.as_json(), "{}");
        for bad in ["1", "[1]", "\"x\"", "true"] {
            let payload = Payload::from_json(bad, &limits).expect("JSON");
            let error = checked_args(payload, &limits).expect_err(bad);
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        }
    }

    #[test]
    fn arguments_over_the_limit_do_not_leave() {
        let limits = Limits { max_size: 8, max_depth: 2 };
        for args in [r#"{"a":"12345"}"#, r#"{"":[[]]}"#] {
            let payload = Payload::from_json(args, &Limits::default()).expect("JSON");
            let error = checked_args(payload, &limits).expect_err(args);
            assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        }
    }

    #[test]
    fn the_version_cap_is_a_version_that_must_serve_the_request() {
        let mut settings = Settings { target: Target::new("t"), ..Settings::default() };
        assert!(settings.can_send_version(Version::new(9, 9)));
        settings.version_cap = Some(Version::new(1, 4));
        assert!(settings.can_send_version(Version::new(1, 4)));
        assert!(!settings.can_send_version(Version::new(1, 5)));
        assert!(settings.check_for_call().is_ok());
        settings.target = settings.target.with_version(Version::new(2, 0));
        let error = settings.check_for_call().expect_err("above the cap");
        assert_eq!(error.kind(), ErrorKind::VersionCap);
    }
}

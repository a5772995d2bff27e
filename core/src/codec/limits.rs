use crate::{Error, ErrorKind, Result};

/// How large and how deeply nested a body may be, to be sent or read.
///
/// ```
/// use busway_core::{ErrorKind, Limits};
///
/// let limits = Limits { max_depth: 2, ..Limits::default() };
/// assert!(limits.check(b"[[]]").is_ok());
/// let error = limits.check(b"[[[]]]").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::LimitExceeded);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest body, in bytes; 16 MiB by default.
    pub max_size: usize,
    /// The deepest nesting of arrays and objects; 64 by default, [`Limits::DEEPEST`] at most.
    pub max_depth: usize,
}

impl Limits {
    /// The deepest nesting that can be configured: a parser's stack has an end. What a driver wraps
    /// around a body comes on top of it.
    pub const DEEPEST: usize = 120;
    /// What a driver may add for what it wraps around a body of the deepest kind.
    const ENVELOPE: usize = 4;

    /// Checks the size of a body of any format.
    ///
    /// # Errors
    /// [`ErrorKind::LimitExceeded`] names both numbers.
    pub fn check_size(&self, size: usize) -> Result<()> {
        if size > self.max_size {
            let message =
                format!("a body of {size} bytes is over the limit of {} bytes", self.max_size);
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        Ok(())
    }

    /// Checks the size and the nesting of a JSON text, without reading it otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::LimitExceeded`] names the limit and, for the nesting, the byte.
    pub fn check(&self, json: &[u8]) -> Result<()> {
        self.check_size(json.len())?;
        match first_too_deep(json, self.max_depth.min(Self::DEEPEST + Self::ENVELOPE)) {
            None => Ok(()),
            Some(at) => {
                let message =
                    format!("a body nests deeper than {} levels at byte {at}", self.max_depth);
                Err(Error::new(ErrorKind::LimitExceeded, message))
            }
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_size: 16 * 1024 * 1024, max_depth: 64 }
    }
}

/// Where the nesting first exceeds `max_depth`, looking at brackets outside of strings.
fn first_too_deep(json: &[u8], max_depth: usize) -> Option<usize> {
    // Mostly there are too few brackets to nest that deep, and counting them is quick.
    if memchr::memchr2_iter(b'[', b'{', json).take(max_depth + 1).count() <= max_depth {
        return None;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in json.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > max_depth {
                    return Some(at);
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_do_not_nest() {
        let limits = Limits { max_depth: 1, ..Limits::default() };
        assert!(limits.check(br#"["[[[[\"[[[[", "{{{{\\"]"#).is_ok());
        assert!(limits.check(br#"["\\",[]]"#).is_err());
    }

    #[test]
    fn the_size_is_checked_first() {
        let limits = Limits { max_size: 3, max_depth: 0 };
        let error = limits.check(b"[[]]").expect_err("too large");
        assert!(error.message().contains("4 bytes"));
    }
}

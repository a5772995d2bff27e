use std::fmt;

use crate::drive::Load;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// `calls`, `casts`, `notifications`, or `fan-outs` to so many servers as there would be others
    /// at a time.
    pub kind: &'static str,
    /// How many of them.
    pub load: Load,
}

impl Pattern {
    /// So many at a time and so many in all, each as small as an order is.
    #[must_use]
    pub const fn new(kind: &'static str, at_a_time: u64, whole: u64) -> Self {
        Self { kind, load: Load::new(at_a_time, whole) }
    }

    /// With so many bytes of JSON in each.
    #[must_use]
    pub const fn of_bytes(mut self, bytes: usize) -> Self {
        self.load.bytes = bytes;
        self
    }

    /// The same with one of so many messages.
    pub(super) const fn one_of(mut self, many: u64) -> Self {
        self.load.whole = self.load.whole.div_ceil(many);
        self
    }

    /// What a client is told of it.
    pub(super) fn words(self) -> [String; 3] {
        let Load { at_a_time, whole, bytes } = self.load;
        [at_a_time.to_string(), whole.to_string(), bytes.to_string()]
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.load.at_a_time)?;
        match self.load.bytes {
            0 => Ok(()),
            bytes if bytes < 1024 => write!(f, ", {bytes} B"),
            bytes if bytes < 1024 * 1024 => write!(f, ", {} KiB", bytes / 1024),
            bytes => write!(f, ", {} MiB", bytes / 1024 / 1024),
        }
    }
}

/// What a client was told of a pattern.
///
/// # Errors
/// What is not a number, or missing.
pub fn load(words: &[&str]) -> Result<Load, crate::BoxError> {
    let &[at_a_time, whole, bytes] = words else { return Err("AT_A_TIME WHOLE BYTES".into()) };
    Ok(Load { at_a_time: at_a_time.parse()?, whole: whole.parse()?, bytes: bytes.parse()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_called_by_what_tells_it_from_others() {
        assert_eq!(Pattern::new("calls", 5, 100).to_string(), "calls 5");
        assert_eq!(Pattern::new("calls", 5, 100).of_bytes(65536).to_string(), "calls 5, 64 KiB");
        assert_eq!(Pattern::new("casts", 1, 1).of_bytes(1 << 20).to_string(), "casts 1, 1 MiB");
    }

    #[test]
    fn a_client_reads_what_it_is_told() {
        let pattern = Pattern::new("calls", 5, 100).of_bytes(1024);
        let words = pattern.words();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        assert_eq!(load(&words).expect("numbers"), pattern.load);
        assert!(load(&["5", "many", "0"]).is_err());
    }
}

use std::time::Duration;

use busway_core::ErrorKind;

/// What a fault does to one send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// It fails before it leaves.
    pub(crate) fail: Option<ErrorKind>,
    /// It takes so much longer.
    pub(crate) delay: Duration,
    /// It is lost on the way.
    pub(crate) drop: bool,
    /// It arrives twice.
    pub(crate) duplicate: bool,
    /// The connection is lost right after it, for so long.
    pub(crate) cut: Option<Duration>,
}

impl Verdict {
    /// Both verdicts on one send.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            fail: self.fail.or(other.fail),
            delay: self.delay + other.delay,
            drop: self.drop || other.drop,
            duplicate: self.duplicate || other.duplicate,
            cut: self.cut.max(other.cut),
        }
    }
}

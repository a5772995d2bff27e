//! What this process has of the system's things.

use busway_testkit::stage::{PATIENCE, until};

/// How many threads it has, and how many files are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    threads: usize,
    files: usize,
}

impl Usage {
    pub(crate) fn now() -> Self {
        Self { threads: count("/proc/self/task"), files: count("/proc/self/fd") }
    }

    /// Waits until there is no more in use than then.
    pub(crate) async fn back(self) {
        let back = async || {
            let now = Self::now();
            Ok::<_, ()>(now.threads <= self.threads && now.files <= self.files)
        };
        let waited = tokio::time::timeout(PATIENCE, until(back)).await;
        assert!(waited.is_ok(), "{self:?} before, {:?} after", Self::now());
    }
}

fn count(folder: &str) -> usize {
    std::fs::read_dir(folder).expect("the system tells").count()
}

/// The resident memory of this process, in KiB.
pub(crate) fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

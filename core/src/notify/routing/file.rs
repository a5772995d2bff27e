use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::rules::Rules;
use crate::notify::sink::Known;
use crate::{Error, ErrorKind, Result};

/// How often at most the file is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// A file of rules that is read again when it changes.
#[derive(Debug)]
pub(super) struct RulesFile {
    path: PathBuf,
    known: Known,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rules: Arc<Rules>,
    /// What the file looked like when it was last read.
    stamp: Option<Stamp>,
    looked_at: Instant,
}

/// By what a changed file is told from the one that was read.
type Stamp = (u64, Option<SystemTime>);

impl RulesFile {
    pub(super) fn open(path: PathBuf, known: Known) -> Result<Self> {
        let mut file = Self {
            path,
            known,
            state: Mutex::new(State {
                rules: Arc::default(),
                stamp: None,
                looked_at: Instant::now(),
            }),
        };
        file.state.get_mut().stamp = file.stamp();
        file.state.get_mut().rules = Arc::new(file.read()?);
        Ok(file)
    }

    /// The rules as they are now; a second late at most.
    pub(super) async fn rules(self: &Arc<Self>) -> Arc<Rules> {
        if self.is_due() {
            let file = self.clone();
            let looked = tokio::task::spawn_blocking(move || file.look()).await;
            if let Err(error) = looked {
                tracing::error!(%error, "the routing rules could not be looked at");
            }
        }
        self.state.lock().rules.clone()
    }

    fn is_due(&self) -> bool {
        let mut state = self.state.lock();
        let due = state.looked_at.elapsed() >= PERIOD;
        if due {
            state.looked_at = Instant::now();
        }
        due
    }

    /// Reads the file again if it has changed; a bad one is told once and changes nothing.
    fn look(&self) {
        let stamp = self.stamp();
        if self.state.lock().stamp == stamp {
            return;
        }
        let read = self.read();
        let mut state = self.state.lock();
        state.stamp = stamp;
        match read {
            Ok(rules) => {
                state.rules = Arc::new(rules);
                tracing::info!(file = %self.path.display(), "the routing rules have changed");
            }
            Err(error) => {
                tracing::warn!(%error, "the changed routing rules are bad: the old ones stay");
            }
        }
    }

    fn stamp(&self) -> Option<Stamp> {
        let metadata = std::fs::metadata(&self.path).ok()?;
        Some((metadata.len(), metadata.modified().ok()))
    }

    fn read(&self) -> Result<Rules> {
        let text = std::fs::read_to_string(&self.path).map_err(|error| {
            Error::new(ErrorKind::Configuration, "the routing rules cannot be read")
                .with("file", self.path.display())
                .because(error)
        })?;
        Rules::parse(&text, &self.path, &self.known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::Priority;
    use crate::notify::sink::NoopSink;

    const ALL: &str = "g: { noop: {} }";
    const NONE: &str = "g: { noop: { accepted_events: [] } }";

    fn write(path: &std::path::Path, text: &str) {
        std::fs::write(path, text).expect("a written file");
    }

    async fn chosen(file: &Arc<RulesFile>) -> usize {
        file.rules().await.sinks_for("a", Priority::Info).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_changed_file_is_read_again_and_a_bad_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rules.yaml");
        write(&path, ALL);
        let mut known = Known::default();
        known.insert("noop", Arc::new(NoopSink));
        let file = Arc::new(RulesFile::open(path.clone(), known).expect("rules"));
        assert_eq!(chosen(&file).await, 1);

        write(&path, NONE);
        assert_eq!(chosen(&file).await, 1, "it is not looked at yet");
        tokio::time::advance(PERIOD).await;
        assert_eq!(chosen(&file).await, 0);

        for bad in ["g: [", "g: { nobody: {} }"] {
            write(&path, bad);
            tokio::time::advance(PERIOD).await;
            assert_eq!(chosen(&file).await, 0, "the old rules stay");
        }
        std::fs::remove_file(&path).expect("a removed file");
        tokio::time::advance(PERIOD).await;
        assert_eq!(chosen(&file).await, 0, "the old rules stay");

        write(&path, ALL);
        tokio::time::advance(PERIOD).await;
        assert_eq!(chosen(&file).await, 1);
        let rules = file.rules().await;
        tokio::time::advance(PERIOD).await;
        assert!(Arc::ptr_eq(&rules, &file.rules().await), "what has not changed is not read");
    }

    #[test]
    fn a_missing_file_is_an_error() {
        let path = PathBuf::from("/nonexistent/rules.yaml");
        let error = RulesFile::open(path, Known::default()).expect_err("missing");
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(error.get("file"), Some("/nonexistent/rules.yaml"));
    }
}

//! oslo.messaging's own simulator, which no wheel has: it is taken from the source distribution.

use std::fs;
use std::path::Path;

use super::environment::Environment;
use crate::{Outcome, repo, run};

/// The simulator of the oslo.messaging of an environment, in a folder of it.
pub(super) struct Simulator {
    pub(super) of: &'static Environment,
}

impl Simulator {
    /// Where it is.
    pub(super) fn folder(&self) -> String {
        format!("{}/simulator", self.of.folder())
    }

    /// The source distribution with its checksum, as pip reads it; its copy in the folder tells that
    /// the simulator is there and can be loaded.
    pub(super) fn source(&self) -> String {
        format!("tests/peers/{}/simulator.txt", self.of.name)
    }

    /// Brings it, unless it is there.
    pub(super) fn ensure(&self) -> Outcome {
        let folder = repo::root().join(self.folder());
        let source = repo::read(&self.source())?;
        let stamp = folder.join("simulator.txt");
        if fs::read_to_string(&stamp).is_ok_and(|brought| brought == source) {
            return Ok(());
        }
        if !repo::root().join(self.of.program()).exists() {
            return Err(format!("there is no {} for {}", self.of.folder(), self.folder()));
        }
        let failed = |error| format!("{}: {error}", self.folder());
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(failed)?;
        }
        let brought = self.bring(&folder).and_then(|()| fs::write(&stamp, source).map_err(failed));
        if brought.is_err() {
            // Whatever is there would be taken for it; that it cannot be removed is not the reason.
            let _ = fs::remove_dir_all(&folder);
        }
        brought
    }

    fn bring(&self, folder: &Path) -> Outcome {
        let inside = &self.folder();
        // It is the checksum in the file that makes pip check it, before anything of it is run.
        let what = ["--no-binary", "oslo.messaging", "-r", &self.source(), "--dest", inside];
        self.of.pip("download", &what)?;
        let archive = only_file_of(folder).map_err(|error| format!("{inside}: {error}"))?;
        let name = archive.strip_suffix(".tar.gz").unwrap_or(&archive);
        let (archive, member) =
            (format!("{inside}/{archive}"), format!("{name}/tools/simulator.py"));
        run::loudly(&["tar", "-xzf", &archive, "-C", inside, "--strip-components=2", &member])?;
        // What benchmarks run of it, up to where it would begin.
        let check = "import sys; sys.path[0] = 'benches/python'; import simulator";
        run::loudly(&[&self.of.program(), "-B", "-c", check])
    }
}

/// The name of the file that pip has left.
fn only_file_of(folder: &Path) -> std::io::Result<String> {
    let file = fs::read_dir(folder)?.next().ok_or(std::io::ErrorKind::NotFound)??;
    Ok(file.file_name().to_string_lossy().into_owned())
}

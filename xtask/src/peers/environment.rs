//! A virtual environment for the programs of one folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::python::Wanted;
use crate::{Outcome, repo, run};

/// How long installing may take, in seconds: it must not hold up who only wants to run tests.
const LIMIT: &str = "240";

/// The environment of the programs in `tests/peers/NAME`.
pub(super) struct Environment {
    pub(super) name: &'static str,
    /// What is not run without it.
    pub(super) without: &'static str,
    pub(super) python: Wanted,
}

impl Environment {
    /// Where it is.
    pub(super) fn folder(&self) -> String {
        format!("target/peers/{}", self.name)
    }

    /// The packages, as pip reads them; their copy in the environment tells that it is complete.
    pub(super) fn requirements(&self) -> String {
        format!("tests/peers/{}/requirements.txt", self.name)
    }

    /// Makes it, unless it is there.
    pub(super) fn ensure(&self) -> Outcome {
        let folder = repo::root().join(self.folder());
        let requirements = repo::read(&self.requirements())?;
        if is_complete(&folder, &requirements) {
            return Ok(());
        }
        let python = self.python.find().ok_or_else(|| self.python.not_found())?;
        self.install(&python, &folder)?;
        fs::write(stamp(&folder), requirements)
            .map_err(|error| format!("{}: {error}", self.folder()))
    }

    fn install(&self, python: &str, folder: &Path) -> Outcome {
        let inside = &self.folder();
        if folder.exists() {
            // Of other packages, or begun and not ended.
            fs::remove_dir_all(folder).map_err(|error| format!("{inside}: {error}"))?;
        }
        run::loudly(&[python, "-m", "venv", inside])?;
        self.pip("install", &["-r", &self.requirements()])?;
        let check = format!("import sys; sys.path[0] = 'tests/peers/{}'; import common", self.name);
        run::loudly(&[&self.program(), "-B", "-c", &check])
    }

    /// Its Python.
    pub(super) fn program(&self) -> String {
        format!("{}/bin/python", self.folder())
    }

    /// Has its pip do something, with the packages that are named and no others.
    pub(super) fn pip(&self, command: &str, rest: &[&str]) -> Outcome {
        let python = self.program();
        let pip =
            ["timeout", LIMIT, &python, "-m", "pip", "--disable-pip-version-check", "--quiet"];
        let how = [command, "--no-deps", "--retries", "1", "--timeout", "15"];
        run::loudly(&[&pip[..], &how[..], rest].concat())
    }
}

/// Whether an environment has these packages.
fn is_complete(folder: &Path, requirements: &str) -> bool {
    folder.join("bin/python").exists()
        && fs::read_to_string(stamp(folder)).is_ok_and(|installed| installed == requirements)
}

fn stamp(folder: &Path) -> PathBuf {
    folder.join("requirements.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_complete_with_exactly_its_packages() {
        let folder = std::env::temp_dir().join(format!("xtask-peers-{}", std::process::id()));
        fs::create_dir_all(folder.join("bin")).expect("a folder");
        let mut seen = vec![is_complete(&folder, "a==1\n")];
        fs::write(folder.join("bin/python"), "").expect("a program");
        seen.push(is_complete(&folder, "a==1\n"));
        fs::write(stamp(&folder), "a==1\n").expect("a stamp");
        seen.push(is_complete(&folder, "a==1\n"));
        seen.push(is_complete(&folder, "a==2\n"));
        fs::remove_dir_all(&folder).expect("removed");
        assert_eq!(seen, [false, false, true, false]);
    }
}

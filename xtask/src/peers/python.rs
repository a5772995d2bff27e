//! Finding a Python.

use std::env;
use std::path::{Path, PathBuf};

use crate::run;

/// What a Python has to be.
pub(super) struct Wanted {
    /// For a person.
    name: &'static str,
    /// The variable that names one.
    variable: &'static str,
    /// The programs that may be one.
    programs: &'static [&'static str],
    /// What its folder begins with where pyenv has it.
    kept_as: &'static [&'static str],
    /// Succeeds in one that can make environments.
    check: &'static str,
    /// How to get one.
    hint: &'static str,
}

pub(super) const V3_7: Wanted = Wanted {
    name: "Python 3.7",
    variable: "PEERS_PYTHON37",
    programs: &["python3.7"],
    kept_as: &["3.7."],
    check: "import ensurepip, sys, venv; sys.exit(0 if sys.version_info[:2] == (3, 7) else 1)",
    hint: "`pyenv install 3.7` brings one",
};

/// One for which there are packages, and which can build those that are sources.
pub(super) const RECENT: Wanted = Wanted {
    name: "Python 3.11 or newer with its headers",
    variable: "PEERS_PYTHON3",
    programs: &["python3", "/usr/bin/python3"],
    kept_as: &["3.11.", "3.12.", "3.13."],
    check: "import ensurepip, os, sys, sysconfig, venv; \
            headers = os.path.exists(os.path.join(sysconfig.get_paths()['include'], 'Python.h')); \
            sys.exit(0 if sys.version_info >= (3, 11) and headers else 1)",
    hint: "Debian's packages are `python3-venv` and `python3-dev`",
};

impl Wanted {
    /// The one that is named, one on the path, or one that pyenv has.
    pub(super) fn find(&self) -> Option<String> {
        if let Ok(named) = env::var(self.variable) {
            return self.suits(&named).then_some(named);
        }
        let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from);
        let pyenv = pyenv.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv")));
        let kept = pyenv.map(|root| self.kept_by_pyenv(&root)).unwrap_or_default();
        let programs = self.programs.iter().map(ToString::to_string);
        programs.chain(kept).find(|python| self.suits(python))
    }

    /// What it takes to have one.
    pub(super) fn not_found(&self) -> String {
        format!(
            "no {} was found, neither as `{}` nor among pyenv's ({}; {} may name one)",
            self.name, self.programs[0], self.hint, self.variable
        )
    }

    fn suits(&self, python: &str) -> bool {
        run::succeeds(&[python, "-c", self.check])
    }

    /// Every one below a folder of pyenv's that may be it.
    fn kept_by_pyenv(&self, root: &Path) -> Vec<String> {
        let Ok(versions) = root.join("versions").read_dir() else { return Vec::new() };
        let folders = versions.filter_map(|entry| Some(entry.ok()?.path()));
        let right = folders.filter(|folder| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            self.kept_as.iter().any(|start| name.starts_with(start))
        });
        right.map(|folder| folder.join("bin/python").display().to_string()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_python_does_not_suit() {
        for wanted in [V3_7, RECENT] {
            assert!(!wanted.suits("false"));
            assert!(!wanted.suits("no-such-program-of-any-machine"));
        }
    }

    #[test]
    fn pyenv_keeps_nothing_where_it_is_not() {
        assert!(V3_7.kept_by_pyenv(Path::new("/no/such/folder")).is_empty());
    }

    #[test]
    fn who_lacks_it_is_told_how_to_name_it() {
        assert!(V3_7.not_found().contains("PEERS_PYTHON37"));
        assert!(RECENT.not_found().contains("PEERS_PYTHON3"));
    }
}

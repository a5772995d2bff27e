//! Finding a Python 3.7.

use std::env;
use std::path::{Path, PathBuf};

use crate::run;

/// The variable that names one.
const VARIABLE: &str = "BUSWAY_PYTHON37";
/// Succeeds in a Python 3.7 that can make environments.
const CHECK: &str =
    "import ensurepip, sys, venv; sys.exit(0 if sys.version_info[:2] == (3, 7) else 1)";

/// A Python 3.7: the one that is named, one on the path, or one that pyenv has.
pub(super) fn find() -> Option<String> {
    if let Ok(named) = env::var(VARIABLE) {
        return suits(&named).then_some(named);
    }
    let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let pyenv = pyenv.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv")));
    let kept = pyenv.map(|root| kept_by_pyenv(&root)).unwrap_or_default();
    ["python3.7".to_owned()].into_iter().chain(kept).find(|python| suits(python))
}

/// What it takes to have one.
pub(super) fn not_found() -> String {
    format!(
        "no Python 3.7 was found, neither as `python3.7` nor among pyenv's \
         (`pyenv install 3.7` brings one; {VARIABLE} may name one)"
    )
}

fn suits(python: &str) -> bool {
    run::succeeds(&[python, "-c", CHECK])
}

/// Every Python 3.7 below a folder of pyenv's.
fn kept_by_pyenv(root: &Path) -> Vec<String> {
    let Ok(versions) = root.join("versions").read_dir() else { return Vec::new() };
    let folders = versions.filter_map(|entry| Some(entry.ok()?.path()));
    let right = folders.filter(|folder| {
        folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("3.7."))
    });
    right.map(|folder| folder.join("bin/python").display().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_python_3_7_does_not_suit() {
        assert!(!suits("false"));
        assert!(!suits("no-such-program-of-any-machine"));
    }

    #[test]
    fn pyenv_keeps_nothing_where_it_is_not() {
        assert!(kept_by_pyenv(Path::new("/no/such/folder")).is_empty());
    }

    #[test]
    fn who_lacks_it_is_told_how_to_name_it() {
        assert!(not_found().contains(VARIABLE));
    }
}

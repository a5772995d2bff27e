//! `cargo xtask peers`: the Python programs that some tests talk to, in a virtual environment of
//! the repository's own.
//!
//! They run on Python 3.7, which few machines have: without it the tests are ignored, and set-up
//! says so and goes on.

mod python;

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, no_arguments, repo, run};

/// The packages, as pip reads them; their copy in the environment tells that it is complete.
const REQUIREMENTS: &str = "tests/peers/pika/requirements.txt";
/// The environment.
const FOLDER: &str = "target/peers/pika";
/// How long installing may take, in seconds: it must not hold up who only wants to run tests.
const LIMIT: &str = "180";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    ensure()?;
    println!("the Python peers are in {FOLDER}");
    Ok(())
}

/// Makes the peers if that is possible; says why if it is not.
pub(crate) fn try_to_have() {
    if let Err(reason) = ensure() {
        eprintln!("optional: the tests with Python's oslo.messaging are not run: {reason}");
    }
}

fn ensure() -> Outcome {
    let folder = repo::root().join(FOLDER);
    let requirements = repo::read(REQUIREMENTS)?;
    if is_complete(&folder, &requirements) {
        return Ok(());
    }
    let python = python::find().ok_or_else(python::not_found)?;
    install(&python, &folder)?;
    fs::write(stamp(&folder), requirements).map_err(|error| format!("{FOLDER}: {error}"))
}

/// Whether an environment has these packages.
fn is_complete(folder: &Path, requirements: &str) -> bool {
    folder.join("bin/python").exists()
        && fs::read_to_string(stamp(folder)).is_ok_and(|installed| installed == requirements)
}

fn stamp(folder: &Path) -> PathBuf {
    folder.join("requirements.txt")
}

fn install(python: &str, folder: &Path) -> Outcome {
    if folder.exists() {
        // Of other packages, or begun and not ended.
        fs::remove_dir_all(folder).map_err(|error| format!("{FOLDER}: {error}"))?;
    }
    run::loudly(&[python, "-m", "venv", FOLDER])?;
    let inside = format!("{FOLDER}/bin/python");
    let pip = ["timeout", LIMIT, &inside, "-m", "pip", "--disable-pip-version-check", "--quiet"];
    let what = ["install", "--no-deps", "--retries", "1", "--timeout", "15", "-r", REQUIREMENTS];
    run::loudly(&[&pip[..], &what[..]].concat())?;
    run::loudly(&[
        &inside,
        "-B",
        "-c",
        "import sys; sys.path[0] = 'tests/peers/pika'; import common",
    ])
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

    #[test]
    fn every_package_is_pinned() {
        let requirements = repo::read(REQUIREMENTS).expect("the packages");
        let packages = requirements.lines().filter(|line| !line.starts_with('#'));
        let unpinned: Vec<_> = packages.filter(|line| !line.contains("==")).collect();
        assert!(unpinned.is_empty(), "not pinned: {unpinned:?}");
    }
}

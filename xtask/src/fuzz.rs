//! `cargo xtask fuzz`: feeds anything to what reads what others write, for a while.
//!
//! The programs stand in `fuzz/fuzz_targets`, what they begin with in `fuzz/seeds`. They are run
//! by cargo-fuzz, which is installed when it is missing. No sanitizer is used: there is no unsafe
//! code here whose faults it could find, and without one any toolchain will do.

use std::fs;

use crate::{Outcome, repo, run, setup};

/// How long each target is run, in seconds, when nobody says.
const SECONDS: &str = "60";
/// How long one input may take, in seconds, and how much memory all of it, in MiB.
const BOUNDS: [&str; 3] = ["-timeout=10", "-rss_limit_mb=1024", "-max_len=4096"];

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let (seconds, targets) = understood(arguments)?;
    if let Err(why) = tools() {
        println!("The tests run each target on its seeds and on what is near them all the same.");
        return setup::skip(&why);
    }
    run::loudly(&["cargo", "fuzz", "build", "--sanitizer", "none"])?;
    let mut crashed = Vec::new();
    for target in targets {
        let found = format!("fuzz/corpus/{target}");
        fs::create_dir_all(repo::root().join(&found))
            .map_err(|error| format!("{found}: {error}"))?;
        let (seeds, time) = (format!("fuzz/seeds/{target}"), format!("-max_total_time={seconds}"));
        let mut words = vec!["cargo", "fuzz", "run", "--sanitizer", "none"];
        words.extend([target.as_str(), &found, &seeds, "--", "-verbosity=0", &time]);
        words.extend(BOUNDS);
        if run::loudly(&words).is_err() {
            crashed.push(target);
        }
    }
    match crashed.as_slice() {
        [] => Ok(()),
        crashed => Err(format!(
            "crashed: {}; what they were fed with is in fuzz/artifacts",
            crashed.join(", ")
        )),
    }
}

/// How long, and which targets: all of them, unless some are named.
fn understood(arguments: &[String]) -> Result<(String, Vec<String>), String> {
    let known = targets()?;
    let (mut seconds, mut named) = (SECONDS.to_owned(), Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--seconds" {
            let given = arguments.next().filter(|given| given.parse::<u32>().is_ok());
            seconds.clone_from(given.ok_or("--seconds needs a number")?);
        } else if known.contains(argument) {
            named.push(argument.clone());
        } else {
            return Err(format!("there is no target '{argument}': {}", known.join(", ")));
        }
    }
    Ok((seconds, if named.is_empty() { known } else { named }))
}

/// The programs there are, by the names of their files.
fn targets() -> Result<Vec<String>, String> {
    let folder = repo::root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(|error| format!("fuzz/fuzz_targets: {error}"))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let stem = |path: std::path::PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
    let mut names: Vec<_> = paths.filter_map(stem).collect();
    names.sort();
    Ok(names)
}

/// Sees that there is what it takes; an error says what is missing, and how to get it.
fn tools() -> Outcome {
    setup::ensure(&[setup::CPLUSPLUS])?;
    if run::succeeds(&["cargo", "fuzz", "--version"]) {
        return Ok(());
    }
    run::loudly(&["cargo", "install", "--locked", "cargo-fuzz"])
        .map_err(|_| String::from("cargo-fuzz is missing (`cargo install --locked cargo-fuzz`)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Result<(String, Vec<String>), String> {
        understood(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn every_target_is_run_unless_some_are_named() {
        let (seconds, all) = of(&[]).unwrap();
        assert_eq!(seconds, SECONDS);
        assert!(all.len() > 1 && all.contains(&String::from("ini")), "{all:?}");
        assert_eq!(of(&["ini", "--seconds", "5"]).unwrap(), ("5".into(), vec!["ini".into()]));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert!(of(&["inni"]).unwrap_err().contains("'inni'"));
        assert!(of(&["--seconds", "soon"]).unwrap_err().contains("--seconds"));
    }

    #[test]
    fn every_target_has_seeds_and_a_program() {
        let manifest = repo::read("fuzz/Cargo.toml").unwrap();
        for target in targets().unwrap() {
            let seeds = repo::root().join("fuzz/seeds").join(&target);
            assert!(fs::read_dir(seeds).is_ok_and(|mut seeds| seeds.next().is_some()), "{target}");
            assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
        }
    }
}

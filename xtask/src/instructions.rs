//! `cargo xtask instructions`: what a message costs on the in-memory bus, in instructions, beside
//! what it cost when that was last written down; more than that by a twentieth is an error.
//!
//! Instructions are counted by callgrind, which is not disturbed by whatever else the machine does,
//! as a clock would be. A change that costs them writes them down anew, with `--record`, and tells
//! why.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::process::Stdio;

use crate::{Outcome, repo, run, setup};

/// The ways a message goes, as the program names them.
const PATHS: [&str; 4] = ["call", "cast", "fan-out", "notification"];
/// The messages of the two runs whose difference is looked at: without beginning and end.
const FEW: u64 = 200;
const MANY: u64 = 1200;
/// What is written down.
const RECORD: &str = "benches/hot-paths/instructions.txt";
const HEAD: &str =
    "# Instructions a message on the in-memory bus, by `cargo xtask instructions --record`.\n";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let records = match arguments {
        [] => false,
        [word] if word == "--record" => true,
        _ => return Err(format!("not understood: {}", arguments.join(" "))),
    };
    if let Err(why) = setup::ensure(&[setup::VALGRIND]) {
        return setup::skip(&why);
    }
    let build = ["cargo", "build", "--release", "--locked", "--package", "busway-hot-paths"];
    run::loudly(&build)?;
    let mut counted = Counts::new();
    for path in PATHS {
        counted.insert(path.to_owned(), a_message(path)?);
    }
    if records {
        let text = format!("{HEAD}# With {}.\n{}", compiler()?, lines(&counted));
        return fs::write(repo::root().join(RECORD), text)
            .map_err(|error| format!("{RECORD}: {error}"));
    }
    compare(&counted, &read(&repo::read(RECORD)?)?)
}

/// Who translated the program: another may take more or less.
fn compiler() -> Result<String, String> {
    let output = run::command(&["rustc", "--version"]).output();
    let output = output.map_err(|error| format!("cannot run rustc: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

type Counts = BTreeMap<String, u64>;

/// The instructions of a message on that path.
fn a_message(path: &str) -> Result<u64, String> {
    let (few, many) = (whole(path, FEW)?, whole(path, MANY)?);
    Ok(many.saturating_sub(few) / (MANY - FEW))
}

/// The instructions of so many messages, from the program's beginning to its end.
fn whole(path: &str, count: u64) -> Result<u64, String> {
    let program = "target/release/busway-hot-paths";
    let count = count.to_string();
    let words = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, path];
    let output = run::command(&[&words[..], &[&count]].concat())
        .stdout(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{program} {path} {count} ended with {}:\n{said}", output.status));
    }
    collected(&said).ok_or_else(|| format!("valgrind does not tell what it counted:\n{said}"))
}

/// The number in the line `==PID== Collected : NUMBER`.
fn collected(said: &str) -> Option<u64> {
    let (_, rest) = said.split_once("Collected :")?;
    rest.split_whitespace().next()?.parse().ok()
}

fn lines(counted: &Counts) -> String {
    let mut lines = String::new();
    for (path, count) in counted {
        let _ = writeln!(lines, "{path} {count}");
    }
    lines
}

/// What was written down.
fn read(text: &str) -> Result<Counts, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| entry(line).ok_or_else(|| format!("{RECORD}: not understood: {line}")))
        .collect()
}

fn entry(line: &str) -> Option<(String, u64)> {
    let (path, count) = line.split_once(' ')?;
    Some((path.to_owned(), count.parse().ok()?))
}

/// Shows each beside what was written down; an error names what grew by more than a twentieth.
fn compare(counted: &Counts, recorded: &Counts) -> Outcome {
    let mut grown = Vec::new();
    for (path, count) in counted {
        let Some(before) = recorded.get(path) else {
            return Err(format!("{RECORD} lacks '{path}': write it down with --record"));
        };
        println!("{path:<14} {count:>8} instructions a message, {before} written down");
        if *count > before + before / 20 {
            grown.push(path.as_str());
        }
    }
    match grown.as_slice() {
        [] => Ok(()),
        grown => Err(format!(
            "dearer by more than 5 %: {}; when it has to be, write it down with --record",
            grown.join(", ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counts: &[(&str, u64)]) -> Counts {
        counts.iter().map(|(path, count)| ((*path).to_owned(), *count)).collect()
    }

    #[test]
    fn what_valgrind_counted_is_found_among_what_it_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 1234567\n==7==\n";
        assert_eq!(collected(said), Some(1_234_567));
        assert_eq!(collected("==7== Command: true\n"), None);
    }

    #[test]
    fn what_is_written_down_is_what_is_read() {
        let counted = of(&[("call", 100), ("cast", 50)]);
        assert_eq!(read(&format!("{HEAD}{}", lines(&counted))), Ok(counted));
        assert!(read("call many\n").unwrap_err().contains("call many"));
    }

    #[test]
    fn a_twentieth_more_is_borne_and_not_more() {
        let recorded = of(&[("call", 100)]);
        assert_eq!(compare(&of(&[("call", 105)]), &recorded), Ok(()));
        assert!(compare(&of(&[("call", 106)]), &recorded).unwrap_err().contains("call"));
        assert!(compare(&of(&[("cast", 1)]), &recorded).unwrap_err().contains("cast"));
    }

    #[test]
    fn every_path_is_written_down() {
        let recorded = read(&repo::read(RECORD).unwrap()).unwrap();
        assert_eq!(recorded.keys().collect::<Vec<_>>(), PATHS);
    }
}

//! `cargo xtask test`: every test of the workspace, and what came of them in a few lines.
//!
//! The examples of the documentation and of the book are doc tests, so they are among them.

mod tally;

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::Instant;

use crate::{Outcome, run, setup};
use tally::Tally;

pub(crate) fn run(arguments: &[String]) -> Outcome {
    setup::run(&[])?;
    let words = words(arguments);
    eprintln!("$ {}", words.join(" "));
    let start = Instant::now();
    let failed = |error| format!("cannot run cargo: {error}");
    let mut child = run::command(&words).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let output = child.stdout.take().expect("its output was asked for");
    let read = pass_through(output);
    let status = child.wait().map_err(failed)?;
    let tally = read.map_err(|error| format!("cannot read what cargo prints: {error}"))?;
    println!("\n{tally}, in {}", run::spoken(start.elapsed()));
    match status.success() {
        // Without arguments that choose among them, there are tests.
        true if !tally.ran() && arguments.is_empty() => Err(String::from("no test was run")),
        true => Ok(()),
        false if tally.failed() => Err(String::from("tests failed")),
        false => Err(format!("`cargo test` ended with {status}: see above")),
    }
}

/// The command: the whole workspace, unless the arguments name packages.
fn words(arguments: &[String]) -> Vec<&str> {
    let names_package = arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument.starts_with("-p") || argument.starts_with("--package"));
    let mut words = vec!["cargo", "test", "--no-fail-fast"];
    if !names_package {
        words.push("--workspace");
    }
    words.extend(arguments.iter().map(String::as_str));
    words
}

/// Prints what comes as it comes, and counts.
fn pass_through(output: impl std::io::Read) -> std::io::Result<Tally> {
    let mut tally = Tally::default();
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    let mut out = std::io::stdout();
    while reader.read_until(b'\n', &mut line)? > 0 {
        out.write_all(&line)?;
        out.flush()?;
        tally.read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &[&str]) -> String {
        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        words(&arguments).join(" ")
    }

    #[test]
    fn the_whole_workspace_is_tested() {
        assert_eq!(of(&[]), "cargo test --no-fail-fast --workspace");
        assert_eq!(of(&["--", "-p"]), "cargo test --no-fail-fast --workspace -- -p");
    }

    #[test]
    fn a_named_package_is_tested_alone() {
        assert_eq!(of(&["-p", "xtask", "run"]), "cargo test --no-fail-fast -p xtask run");
    }
}

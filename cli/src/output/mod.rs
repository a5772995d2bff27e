//! What is written: plain lines and JSON to the standard output, problems and warnings to the
//! standard error, colours only where they are wanted.

pub(crate) mod color;
pub(crate) mod problem;
pub(crate) mod style;

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use serde::Serialize;

use crate::problem::Outcome;

pub(crate) use problem::report;

/// Writes a line to the standard output.
pub(crate) fn say(line: impl Display) -> Outcome {
    // What tests print is shown for those that fail only.
    if cfg!(test) {
        println!("{line}");
        return Ok(());
    }
    let mut out = anstream::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}

/// Writes text as it is to the standard output.
pub(crate) fn write_raw(bytes: &[u8]) -> Outcome {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}

/// Writes a value to the standard output as one line of JSON.
pub(crate) fn say_json(value: &impl Serialize) -> Outcome {
    say(json(value))
}

/// A value as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what the program prints has string keys only")
}

/// Warns on the standard error.
pub(crate) fn warn(text: impl Display) {
    let style = style::WARNING;
    tell(format_args!("{style}warning:{style:#} {text}"));
}

/// Notes on the standard error what the user may want to know beside the result.
pub(crate) fn note(text: impl Display) {
    let style = style::QUIET;
    tell(format_args!("{style}{text}{style:#}"));
}

fn tell(line: impl Display) {
    if cfg!(test) {
        eprintln!("{line}");
        return;
    }
    // With the standard error closed, nobody can be told.
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// Whether somebody watches the standard error as it grows.
pub(crate) fn watched() -> bool {
    std::io::stderr().is_terminal()
}

//! A problem as a person reads it, on one screen, or as a program does, as one line of JSON.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io::Write as _;

use busway::{Error, RemoteError};
use serde_json::{Map, Value, json};

use super::style::{ERROR, HINT, NAME, QUIET};
use crate::args::Cli;
use crate::exit::Exit;
use crate::problem::{Cause, Problem};
use crate::text::{indented, shortened};
use crate::{hints, output};

/// How many lines of one text are shown.
const MOST_LINES: usize = 8;
/// How many lines of a traceback are shown, the last ones, where one is asked for.
const MOST_TRACEBACK: usize = 200;

/// Tells the problem on the standard error, and gives the exit code.
pub(crate) fn report(problem: &Problem, cli: &Cli) -> Exit {
    if let Some(told) = told(problem, cli) {
        // With the standard error closed, the exit code has to say it.
        let _ = anstream::stderr().lock().write_all(told.as_bytes());
    }
    problem.exit
}

/// What is to be said of a problem, unless all has been said.
pub(crate) fn told(problem: &Problem, cli: &Cli) -> Option<String> {
    match &problem.cause {
        Cause::Told | Cause::Unread => None,
        _ if cli.command.wants_json() => Some(output::json(&as_json(problem)) + "\n"),
        Cause::Said(text) => Some(said(text, hint(problem))),
        Cause::Bus(error) => Some(bus(error, hint(problem), cli.globals.verbose > 0)),
    }
}

fn hint(problem: &Problem) -> Option<String> {
    problem.hint.clone().or_else(|| match &problem.cause {
        Cause::Bus(error) => hints::of(error),
        _ => None,
    })
}

fn said(text: &str, hint: Option<String>) -> String {
    let mut told = format!("{ERROR}error:{ERROR:#} {}\n", shortened(text, MOST_LINES));
    add_hint(&mut told, hint);
    told
}

fn bus(error: &Error, hint: Option<String>, verbose: bool) -> String {
    let mut told = String::new();
    let message = shortened(error.message(), MOST_LINES);
    match error.remote() {
        Some(remote) => add_remote(&mut told, remote, verbose),
        None => line(&mut told, format_args!("{ERROR}error:{ERROR:#} {message}")),
    }
    line(&mut told, format_args!("  {QUIET}kind:{QUIET:#} {}", error.kind()));
    if let Some(operation) = error.operation() {
        line(&mut told, format_args!("  {QUIET}while:{QUIET:#} {operation}"));
    }
    for (key, value) in error.context() {
        line(&mut told, format_args!("  {QUIET}{key}:{QUIET:#} {}", shortened(value, 2)));
    }
    let mut source = error.source();
    for _ in 0..MOST_LINES {
        let Some(cause) = source else { break };
        let text = shortened(&cause.to_string(), 2);
        line(&mut told, format_args!("  {QUIET}caused by:{QUIET:#} {text}"));
        source = cause.source();
    }
    add_hint(&mut told, hint);
    told
}

fn add_remote(told: &mut String, remote: &RemoteError, verbose: bool) {
    let message = shortened(&remote.message, MOST_LINES);
    let class = shortened(&remote.class, 1);
    line(
        told,
        format_args!(
            "{ERROR}error:{ERROR:#} the server answered with {NAME}{class}{NAME:#}: {message}"
        ),
    );
    line(told, format_args!("  {QUIET}class:{QUIET:#} {class}"));
    line(told, format_args!("  {QUIET}module:{QUIET:#} {}", shortened(&remote.module, 1)));
    line(told, format_args!("  {QUIET}meaning:{QUIET:#} {:?}", remote.kind()));
    let traceback = remote.traceback.concat();
    if traceback.trim().is_empty() {
        return;
    }
    let lines: Vec<_> = traceback.lines().collect();
    if verbose {
        let skipped = lines.len().saturating_sub(MOST_TRACEBACK);
        line(told, format_args!("  {QUIET}traceback:{QUIET:#}"));
        if skipped > 0 {
            line(told, format_args!("    … {skipped} lines before"));
        }
        told.push_str(&indented(&lines[skipped..].join("\n"), 4));
        told.push('\n');
    } else {
        let count = lines.len();
        line(told, format_args!("  {QUIET}traceback:{QUIET:#} {count} lines, shown with -v"));
    }
}

fn add_hint(told: &mut String, hint: Option<String>) {
    if let Some(hint) = hint {
        line(told, format_args!("{HINT}hint:{HINT:#} {hint}"));
    }
}

fn line(told: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(told, "{text}").expect("a string takes everything");
}

fn as_json(problem: &Problem) -> Value {
    let mut told = Map::new();
    told.insert("exit_code".to_owned(), problem.exit.code().into());
    match &problem.cause {
        Cause::Bus(error) => {
            told.insert("kind".to_owned(), error.kind().as_str().into());
            told.insert("message".to_owned(), error.message().into());
            told.insert("operation".to_owned(), error.operation().into());
            told.insert("retryable".to_owned(), error.is_retryable().into());
            let facts: Map<_, _> = error
                .context()
                .iter()
                .map(|(key, value)| ((*key).to_owned(), Value::from(value.as_str())))
                .collect();
            told.insert("context".to_owned(), facts.into());
            told.insert("remote".to_owned(), json!(error.remote()));
        }
        Cause::Said(text) => {
            told.insert("message".to_owned(), text.as_str().into());
        }
        Cause::Told | Cause::Unread => {}
    }
    told.insert("hint".to_owned(), json!(hint(problem)));
    json!({ "error": told })
}

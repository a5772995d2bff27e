use std::fmt::Display;

use crate::RemoteError;

/// How many problems are told; a caller may send any number.
const MAX_PROBLEMS: usize = 10;
/// How much of one problem is told, in bytes: a value may be of any length.
const MAX_LENGTH: usize = 300;

/// What is wrong with the arguments of a call.
pub(super) struct Problems<'a> {
    method: &'a str,
    names: &'static [&'static str],
    told: Vec<String>,
    untold: usize,
}

impl<'a> Problems<'a> {
    pub(super) fn new(method: &'a str, names: &'static [&'static str]) -> Self {
        Self { method, names, told: Vec::new(), untold: 0 }
    }

    pub(super) fn add(&mut self, problem: impl Into<String>) {
        if self.told.len() == MAX_PROBLEMS {
            self.untold += 1;
            return;
        }
        let mut problem = problem.into();
        if problem.len() > MAX_LENGTH {
            problem.truncate(problem.floor_char_boundary(MAX_LENGTH));
            problem.push('…');
        }
        self.told.push(problem);
    }

    pub(super) fn missing(&mut self, name: &str) {
        self.add(format!("missing argument '{name}'"));
    }

    pub(super) fn unknown(&mut self, name: &str) {
        let expected = match self.names {
            [] => "it takes none".to_owned(),
            names => format!("expected one of {}", names.join(", ")),
        };
        self.add(format!("unknown argument '{}', {expected}", shortened(name)));
    }

    pub(super) fn ill_typed(&mut self, name: &str, error: &serde_json::Error) {
        let text = error.to_string();
        // A position within the value alone helps nobody.
        let position = format!(" at line {} column {}", error.line(), error.column());
        let text = text.strip_suffix(&position).unwrap_or(&text);
        self.add(format!("argument '{name}': {text}"));
    }
}

impl From<Problems<'_>> for RemoteError {
    fn from(mut problems: Problems<'_>) -> Self {
        match (problems.told.len(), problems.untold) {
            (0, _) => problems.told.push("the arguments could not be read".to_owned()),
            (_, 0) => {}
            (_, untold) => problems.told.push(format!("and {untold} more")),
        }
        Self::invalid_arguments(format!("{}: {}", problems.method, problems.told.join("; ")))
    }
}

fn shortened(name: &str) -> impl Display + '_ {
    &name[..name.floor_char_boundary(64)]
}

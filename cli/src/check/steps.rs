//! The steps of a check, and how they are told.

use std::time::Instant;

use busway::Error;
use serde_json::{Value, json};

use crate::output::style::{ERROR, GOOD, NAME, QUIET, WARNING};
use crate::output::{say, say_json};
use crate::problem::{Outcome, Problem};
use crate::text::visible;

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Passed,
    Warned,
    Failed,
    Skipped,
}

/// One step of the way.
#[derive(Debug)]
pub(super) struct Step {
    name: &'static str,
    state: State,
    text: String,
}

impl Step {
    pub(super) fn passed(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, state: State::Passed, text: text.into() }
    }

    pub(super) fn warned(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, state: State::Warned, text: text.into() }
    }

    pub(super) fn skipped(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, state: State::Skipped, text: text.into() }
    }

    fn failed(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, state: State::Failed, text: text.into() }
    }
}

/// Tells each step as it is done, or all of them at the end as JSON.
#[derive(Debug)]
pub(super) struct Steps {
    json: bool,
    told: Vec<Value>,
    failed: bool,
    last: Instant,
}

impl Steps {
    pub(super) fn new(json: bool) -> Self {
        Self { json, told: Vec::new(), failed: false, last: Instant::now() }
    }

    /// Tells a step.
    pub(super) fn tell(&mut self, step: &Step) -> Outcome {
        let took = self.last.elapsed();
        self.last = Instant::now();
        self.failed |= step.state == State::Failed;
        if self.json {
            self.told.push(json!({
                "step": step.name,
                "state": word(step.state),
                "text": step.text,
                "seconds": took.as_secs_f64(),
            }));
            return Ok(());
        }
        let (style, mark) = match step.state {
            State::Passed => (GOOD, "✓"),
            State::Warned => (WARNING, "!"),
            State::Failed => (ERROR, "✗"),
            State::Skipped => (QUIET, "-"),
        };
        let (name, millis) = (step.name, took.as_secs_f64() * 1000.0);
        say(format_args!(
            "{style}{mark}{style:#} {NAME}{name:10}{NAME:#} {} {QUIET}({millis:.1} ms){QUIET:#}",
            visible(&step.text)
        ))
    }

    /// Tells a step that must go well, and gives what came of it.
    pub(super) fn needs<T>(
        &mut self,
        name: &'static str,
        came: busway::Result<T>,
        text: impl FnOnce(&T) -> String,
    ) -> Outcome<T> {
        match came {
            Ok(value) => {
                self.tell(&Step::passed(name, text(&value)))?;
                Ok(value)
            }
            Err(error) => Err(self.fail(name, error)),
        }
    }

    /// Tells that a step has failed.
    pub(super) fn fail(&mut self, name: &'static str, error: Error) -> Problem {
        match self.tell(&Step::failed(name, error.message())) {
            Ok(()) => error.into(),
            Err(unwritten) => unwritten,
        }
    }

    /// The names of the steps with how they went, for tests.
    #[cfg(test)]
    pub(super) fn words(&self) -> Vec<String> {
        let word = |step: &Value, key| step[key].as_str().unwrap_or_default().to_owned();
        self.told.iter().map(|step| word(step, "step") + " " + &word(step, "state")).collect()
    }

    /// The end of the check.
    pub(super) fn end(self) -> Outcome {
        if self.json {
            return say_json(&json!({ "ok": !self.failed, "steps": self.told }));
        }
        if self.failed { Ok(()) } else { say("the bus works") }
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Passed => "passed",
        State::Warned => "warned",
        State::Failed => "failed",
        State::Skipped => "skipped",
    }
}

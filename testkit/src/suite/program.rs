use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Trial};
use tokio::runtime::{Builder, Runtime};

use super::judge::{judge, unmet};
use super::{Case, Need, Verdict};
use crate::Candidate;

type MakeRuntime = fn() -> std::io::Result<Runtime>;

/// The suite with its candidates: a test program, or a judge to be asked case by case.
#[derive(Clone, Debug)]
pub struct Suite {
    candidates: Vec<Arc<Candidate>>,
    runtime: MakeRuntime,
}

impl Suite {
    /// The suite without a candidate yet; each case runs on a runtime with two threads.
    #[must_use]
    pub fn new() -> Self {
        let runtime = || Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Self { candidates: Vec::new(), runtime }
    }

    /// Adds a candidate.
    #[must_use]
    pub fn candidate(mut self, candidate: Candidate) -> Self {
        self.candidates.push(Arc::new(candidate));
        self
    }

    /// Runs each case on a runtime of this make; on one with paused time, say.
    #[must_use]
    pub fn runtime(mut self, make: fn() -> std::io::Result<Runtime>) -> Self {
        self.runtime = make;
        self
    }

    /// Runs the cases that the program's arguments name, as the standard harness does, and
    /// reports them line by line.
    #[must_use]
    pub fn main(self) -> ExitCode {
        let trials = self.candidates.iter().flat_map(|candidate| {
            let runtime = self.runtime;
            Case::all().map(move |case| trial(case, candidate.clone(), runtime))
        });
        libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
    }

    /// Runs one case on a candidate, whether it is one of the suite's or not.
    #[must_use]
    pub fn judge(&self, case: Case, candidate: &Candidate) -> Verdict {
        match (self.runtime)() {
            Ok(runtime) => judge(case, candidate, runtime),
            Err(error) => Verdict::Failed(format!("no runtime to run it on: {error}")),
        }
    }
}

impl Default for Suite {
    fn default() -> Self {
        Self::new()
    }
}

fn trial(case: Case, candidate: Arc<Candidate>, runtime: MakeRuntime) -> Trial {
    let name = format!("{}::{}", candidate.name(), case.name);
    let undeclared = unmet(case, &candidate).is_some_and(Need::is_declared);
    let trial = Trial::ignorable_test(name, move || {
        if let Some(reason) = candidate.why_missing() {
            return missing(reason);
        }
        let suite = Suite { candidates: Vec::new(), runtime };
        match suite.judge(case, &candidate) {
            Verdict::Passed | Verdict::Refused(_) => Ok(Completion::Completed),
            Verdict::NotApplicable(need) => Ok(Completion::ignored_with(format!("needs {need}"))),
            Verdict::Failed(why) => Err(why.into()),
        }
    });
    // What is not declared is asked for and must be refused: the line tells which was checked.
    if undeclared { trial.with_kind("undeclared") } else { trial }
}

/// What is needed and not there is ignored, except where everything has to be there.
fn missing(reason: &str) -> Result<Completion, libtest_mimic::Failed> {
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        return Err(format!("missing: {reason}").into());
    }
    Ok(Completion::ignored_with(format!("missing: {reason}")))
}

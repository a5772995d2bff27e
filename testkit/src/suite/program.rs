use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;

use libtest_mimic::{Arguments, Completion, Trial};
use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};

use super::judge::{judge, unmet};
use super::matrix::Column;
use super::{Case, Matrix, Need, Verdict};
use crate::Candidate;

pub(crate) type MakeRuntime = fn() -> std::io::Result<Runtime>;

/// What cases and scripts run on unless it is said otherwise.
pub(crate) fn two_threads() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// What came of the cases: by the candidate's name, and that of the case.
type Record = Arc<Mutex<BTreeMap<String, BTreeMap<&'static str, Verdict>>>>;

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
        Self { candidates: Vec::new(), runtime: two_threads }
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
    /// reports them line by line: two at a time for each core, unless the arguments say otherwise,
    /// for a case mostly waits.
    #[must_use]
    pub fn main(self) -> ExitCode {
        let arguments = in_pairs(Arguments::from_args());
        libtest_mimic::run(&arguments, self.trials(&Record::default())).exit_code()
    }

    /// Runs every case on every candidate, two at a time for each core, with a line for each; then
    /// tells why those failed that did, and what came of all of them.
    #[must_use]
    pub fn matrix(&self) -> Matrix {
        let record = Record::default();
        // What it concludes stands in the record, case by case.
        let _ = libtest_mimic::run(&in_pairs(Arguments::default()), self.trials(&record));
        let mut verdicts = std::mem::take(&mut *record.lock());
        let column = |candidate: &Arc<Candidate>| {
            Column::new(candidate, verdicts.remove(candidate.name()).unwrap_or_default())
        };
        Matrix::new(self.candidates.iter().map(column).collect())
    }

    /// What the matrix looks like when each candidate holds to all that it declares; nothing is
    /// run, and nobody is missing.
    #[must_use]
    pub fn declared(&self) -> Matrix {
        Matrix::new(self.candidates.iter().map(|it| Column::declared(it)).collect())
    }

    fn trials(&self, record: &Record) -> Vec<Trial> {
        let trials = self.candidates.iter().flat_map(|candidate| {
            Case::all()
                .map(move |case| trial(case, candidate.clone(), self.runtime, record.clone()))
        });
        trials.collect()
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

fn in_pairs(mut arguments: Arguments) -> Arguments {
    let cores = available_parallelism().map_or(1, usize::from);
    arguments.test_threads.get_or_insert(2 * cores);
    arguments
}

fn trial(case: Case, candidate: Arc<Candidate>, runtime: MakeRuntime, record: Record) -> Trial {
    let name = format!("{}::{}", candidate.name(), case.name);
    let undeclared = unmet(case, &candidate).is_some_and(Need::is_declared);
    let trial = Trial::ignorable_test(name, move || {
        if let Some(reason) = candidate.why_missing() {
            return missing(reason);
        }
        let suite = Suite { candidates: Vec::new(), runtime };
        let verdict = suite.judge(case, &candidate);
        let name = candidate.name().to_owned();
        record.lock().entry(name).or_default().insert(case.name, verdict.clone());
        match verdict {
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

//! Candidates × cases: what came of each, for people to read.

mod markdown;
mod text;

use std::collections::BTreeMap;
use std::fmt;

use super::judge::declared;
use super::{Case, Need, Room, Verdict};
use crate::Candidate;

/// What came of every case on every candidate: displayed as a table that is read in seconds, and
/// [as Markdown](Self::to_markdown) with each case in words.
///
/// | mark | means |
/// |---|---|
/// | ✓ | it holds |
/// | – | what it needs is not declared, and refused where it can be asked for; or the harness cannot stage it |
/// | ✗ | it does not hold |
/// | ? | it was not run: the candidate is missing here |
///
/// ```
/// use busway_core::driver::Registry;
/// use busway_testkit::{Candidate, Suite};
///
/// let mine = Candidate::from_urls("mine", Registry::linked(), |number| format!("mine://{number}"));
/// let matrix = Suite::new().candidate(mine).matrix();
/// println!("{matrix}");
/// // Nobody has written it yet.
/// assert!(!matrix.has_failed() && !matrix.is_complete());
/// ```
#[derive(Clone, Debug)]
pub struct Matrix {
    columns: Vec<Column>,
}

/// What came of the cases on one candidate.
#[derive(Clone, Debug)]
pub(super) struct Column {
    name: String,
    bus: Option<String>,
    missing: Option<String>,
    /// By the case's name; empty when the candidate is missing.
    verdicts: BTreeMap<&'static str, Verdict>,
}

impl Column {
    pub(super) fn new(candidate: &Candidate, verdicts: BTreeMap<&'static str, Verdict>) -> Self {
        Self {
            name: candidate.name().to_owned(),
            bus: candidate.bus().map(str::to_owned),
            missing: candidate.why_missing().map(str::to_owned),
            verdicts,
        }
    }

    /// The column of a candidate that holds to all that it declares.
    pub(super) fn declared(candidate: &Candidate) -> Self {
        let verdicts = Case::all().map(|case| (case.name, declared(case, candidate))).collect();
        Self { missing: None, ..Self::new(candidate, verdicts) }
    }

    fn mark(&self, case: &Case) -> Mark {
        match self.verdicts.get(case.name) {
            Some(Verdict::Passed) => Mark::Passed,
            Some(Verdict::Refused(_) | Verdict::NotApplicable(_)) => Mark::NotDeclared,
            Some(Verdict::Failed(_)) => Mark::Failed,
            None => Mark::NotRun,
        }
    }

    fn count(&self, mark: Mark) -> usize {
        Case::all().filter(|case| self.mark(case) == mark).count()
    }

    /// `12 ✓  3 –`, without those of which there are none.
    fn counts(&self) -> String {
        let counted = Mark::ALL.map(|mark| (self.count(mark), mark));
        let counted = counted.into_iter().filter(|(count, _)| *count > 0);
        let counted: Vec<_> = counted.map(|(count, mark)| format!("{count} {mark}")).collect();
        counted.join("  ")
    }

    /// What the cases that are not declared would need, with how many of them do, in the order of
    /// the cases.
    fn lacking(&self) -> Vec<(Need, usize)> {
        let mut lacking: Vec<(Need, usize)> = Vec::new();
        for case in Case::all() {
            let (Verdict::Refused(need) | Verdict::NotApplicable(need)) =
                self.verdicts.get(case.name).unwrap_or(&Verdict::Passed)
            else {
                continue;
            };
            match lacking.iter_mut().find(|(known, _)| known == need) {
                Some((_, count)) => *count += 1,
                None => lacking.push((*need, 1)),
            }
        }
        lacking
    }
}

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Passed,
    NotDeclared,
    Failed,
    NotRun,
}

impl Mark {
    const ALL: [Self; 4] = [Self::Passed, Self::NotDeclared, Self::Failed, Self::NotRun];
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "✓",
            Self::NotDeclared => "–",
            Self::Failed => "✗",
            Self::NotRun => "?",
        })
    }
}

impl Matrix {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns }
    }

    /// Whether a case does not hold on some candidate.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.columns.iter().any(|column| column.count(Mark::Failed) > 0)
    }

    /// Whether no candidate is missing, so that every case was run.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.columns.iter().all(|column| column.count(Mark::NotRun) == 0)
    }

    /// The rows of marks of a room, one for each candidate.
    fn marks(&self, room: Room) -> impl Iterator<Item = String> {
        self.columns.iter().map(move |column| {
            room.cases.iter().map(|case| column.mark(case).to_string()).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use busway_core::driver::Capabilities;
    use busway_core::{Error, Result};

    use super::*;
    use crate::{Faults, Harness};

    fn candidate(name: &str, declared: Capabilities) -> Candidate {
        let make = || async { Err(Error::unsupported("never")) as Result<Box<dyn Harness>> };
        Candidate::new(name, declared, make).with_bus("nothing").with_faults(Faults::NONE)
    }

    fn notifier() -> Candidate {
        candidate("tells", Capabilities { notifications: true, ..Capabilities::NONE })
    }

    fn failed(case: &'static str) -> Column {
        let mut column = Column::declared(&notifier());
        column.verdicts.insert(case, Verdict::Failed("it was seen".to_owned()));
        column
    }

    #[test]
    fn what_is_declared_stands_as_passed_and_nothing_else_does() {
        let column = Column::declared(&notifier());
        for case in Case::all() {
            let fit = case.needs.iter().all(|need| *need == Need::Notifications);
            let mark = if fit { Mark::Passed } else { Mark::NotDeclared };
            assert_eq!(column.mark(&case), mark, "{}", case.name);
        }
        let lacking = column.lacking();
        assert!(lacking.iter().any(|(need, count)| *need == Need::Rpc && *count > 50));
        let total: usize = lacking.iter().map(|(_, count)| count).sum();
        assert_eq!(total, column.count(Mark::NotDeclared));
    }

    #[test]
    fn a_failure_is_marked_and_named() {
        let matrix = Matrix::new(vec![failed("a_full_batch_does_not_wait")]);
        assert!(matrix.has_failed() && matrix.is_complete());
        let text = matrix.to_string();
        assert!(text.contains("✗ tells: a full batch does not wait"), "{text}");
        let page = matrix.to_markdown();
        assert!(page.contains("| a full batch does not wait | ✗ |"), "{page}");
    }

    #[test]
    fn a_candidate_that_is_missing_has_passed_nothing() {
        let candidate = notifier().missing("needs a bus: apt-get install bus");
        let matrix = Matrix::new(vec![Column::new(&candidate, BTreeMap::new())]);
        assert!(!matrix.is_complete() && !matrix.has_failed());
        let text = matrix.to_string();
        assert!(text.contains("needs a bus: apt-get install bus"), "{text}");
        assert!(!text.lines().any(|line| line.starts_with("Batches") && line.contains('✓')));
    }

    #[test]
    fn every_case_stands_in_the_markdown() {
        let page = Matrix::new(vec![Column::declared(&notifier())]).to_markdown();
        for case in Case::all() {
            assert!(page.contains(&format!("| {} | ", case.sentence())), "{}", case.name);
        }
    }
}

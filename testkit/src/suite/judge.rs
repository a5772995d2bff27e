use std::time::Duration;

use tokio::runtime::Runtime;

use super::opposite::opposite;
use super::{Case, CaseResult, Failed, Need, panics};
use crate::Candidate;

/// How long what a case left behind may take to end.
const TIDY: Duration = Duration::from_secs(5);

/// What came of a case on a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Passed,
    /// The driver does not declare what it needs, and says so when it is asked.
    Refused(Need),
    /// It was not run: what it needs is not declared, and cannot be asked for.
    NotApplicable(Need),
    /// It does not hold; why, and where in the suite.
    Failed(String),
}

/// Runs a case on a fresh name space of a candidate.
pub(super) fn judge(case: Case, candidate: &Candidate, runtime: Runtime) -> Verdict {
    let unmet = unmet(case, candidate);
    let check = match unmet {
        None => Ok(case.run),
        Some(need) => opposite(need, &candidate.capabilities()).ok_or(need),
    };
    let check = match check {
        Ok(check) => check,
        Err(need) => return Verdict::NotApplicable(need),
    };
    let running = async {
        let harness = candidate.harness(case.needs).await?;
        within_limit(candidate.limit(), check(harness.as_ref())).await
    };
    let result = panics::watched(|| runtime.block_on(running));
    runtime.shutdown_timeout(TIDY);
    match (result, unmet) {
        (Err(panic), _) => Verdict::Failed(panic),
        (Ok(Err(failed)), _) => Verdict::Failed(failed.describe()),
        (Ok(Ok(())), None) => Verdict::Passed,
        (Ok(Ok(())), Some(need)) => Verdict::Refused(need),
    }
}

/// What comes of a case on a candidate that holds to what it declares.
pub(super) fn declared(case: Case, candidate: &Candidate) -> Verdict {
    match unmet(case, candidate) {
        None => Verdict::Passed,
        Some(need) if opposite(need, &candidate.capabilities()).is_some() => Verdict::Refused(need),
        Some(need) => Verdict::NotApplicable(need),
    }
}

/// The first need of a case that a candidate does not meet.
pub(super) fn unmet(case: Case, candidate: &Candidate) -> Option<Need> {
    let (declared, faults) = (candidate.capabilities(), candidate.faults());
    case.needs.iter().copied().find(|need| !need.is_met(&declared, faults))
}

async fn within_limit(limit: Duration, running: impl Future<Output = CaseResult>) -> CaseResult {
    tokio::time::timeout(limit, running).await.unwrap_or_else(|_| {
        Err(Failed::new(format!("the case did not end within {} s", limit.as_secs())))
    })
}

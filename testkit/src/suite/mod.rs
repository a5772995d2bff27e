//! The table of cases, how they are chosen for a candidate, run and reported.

mod case;
mod failed;
mod judge;
mod need;
mod opposite;
mod panics;
mod program;

pub use case::Case;
pub use failed::{CaseResult, Failed};
pub use judge::Verdict;
pub use need::Need;
pub use program::Suite;

pub(crate) use case::{cases, needs};
pub(crate) use panics::ON_PURPOSE;

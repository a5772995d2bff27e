//! The table of cases, how they are chosen for a candidate, run and reported.

mod case;
mod failed;
mod judge;
mod matrix;
mod need;
mod opposite;
mod panics;
mod program;
mod room;

pub use case::Case;
pub use failed::{CaseResult, Failed};
pub use judge::Verdict;
pub use matrix::Matrix;
pub use need::Need;
pub use program::Suite;
pub use room::Room;

pub(crate) use case::{cases, needs};
pub(crate) use panics::ON_PURPOSE;
pub(crate) use program::{MakeRuntime, two_threads};

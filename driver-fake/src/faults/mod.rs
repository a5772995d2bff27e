//! What can be made to go wrong, and when it does.

mod handle;
mod plan;
mod verdict;

pub use handle::Faults;

pub(crate) use plan::Plan;
pub(crate) use verdict::Verdict;

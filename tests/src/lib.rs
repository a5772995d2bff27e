//! The candidates of the matrix: each driver on each bus that it is tested on.

mod fake;

use busway_testkit::Candidate;

pub use fake::fake;

/// Every candidate, in the order of the matrix.
#[must_use]
pub fn all() -> Vec<Candidate> {
    vec![fake()]
}

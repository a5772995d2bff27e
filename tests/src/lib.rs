//! The candidates of the matrix: each driver on each bus that it is tested on.

mod amqp1;
pub mod amqp1_wire;
pub mod connecting;
mod fake;
mod lending;
mod matrix;
mod modest;
#[allow(missing_docs, clippy::must_use_candidate, reason = "each says by its name what it is")]
pub mod peers;
mod pika;
mod sins;

use busway_testkit::{Candidate, Suite};

pub use amqp1::{amqp1, amqp1_proton};
pub use fake::{fake, sinning};
pub use matrix::{MATRIX_PAGE, matrix_page};
pub use modest::modest;
pub use pika::{Frame, Tap, pika, pika_cluster};
pub use sins::confess;

/// Every candidate, in the order of the matrix.
#[must_use]
pub fn all() -> Vec<Candidate> {
    vec![fake(), pika(), pika_cluster(), amqp1(), amqp1_proton()]
}

/// The conformance suite with every candidate.
#[must_use]
pub fn suite() -> Suite {
    all().into_iter().fold(Suite::new(), Suite::candidate)
}

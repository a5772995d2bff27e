//! What the benchmarks share: the exchanges they compare, and how they are driven and measured.
//!
//! No number here stands alone: Busway runs beside the same exchange written by hand, in turn, in
//! one program. The benchmarks themselves are in `benches/`.

pub mod bus;
pub mod by_hand;
pub mod channels;
mod counter;
pub mod drive;
mod exchange;
mod machine;
pub mod place;
pub mod process;
pub mod resident;
pub mod sides;
pub mod swarm;

pub use counter::Counter;
pub use exchange::{Exchange, Fanning, Order, Receipt, Telling};

use std::error::Error;

/// What a benchmark fails with; it is only ever shown.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// How many requests a server handles at a time, on both sides: Busway's default.
pub const CONCURRENCY: usize = 64;

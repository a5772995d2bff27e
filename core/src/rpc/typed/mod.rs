//! What the code that `#[endpoint]` and `#[client]` write leans on: arguments by name, in and
//! out, and results. Not for use by hand, and without any promise of staying as it is.

mod arguments;
mod fields;
mod outcome;
mod problems;

pub use arguments::{Arguments, arguments};
pub use fields::{Fields, Named};
pub use outcome::{expected, outcome, reply};

//! Random sequences of operations against a driver, judged by a simple model of what is promised.
//!
//! A seed makes a [`Script`]; the script is run on a fresh name space of a [`Candidate`], and what
//! happened is held against the promises that the candidate's driver declares. A script that
//! breaks one is shortened as long as a promise stays broken, and comes back as a
//! [`Counterexample`] whose text can be run again.
//!
//! ```
//! use busway_testkit::Candidate;
//! use busway_testkit::model::Model;
//!
//! /// What a test of a driver asks.
//! fn keeps_its_promises(mine: Candidate) {
//!     if let Err(counterexample) = Model::of(mine).seeds(0..20).check() {
//!         panic!("{counterexample}");
//!     }
//! }
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `step`, `script` | what is done, and its text |
//! | `draw` | a random script |
//! | `world` | the steps on a bus |
//! | `ledger` | what happened |
//! | `promises` | what must have happened, and what must not |
//! | `check`, `shorten` | many seeds, and the shortest script that breaks a promise |
//!
//! [`Candidate`]: crate::Candidate

mod check;
mod draw;
mod ledger;
mod promises;
mod script;
mod shorten;
mod step;
mod world;

pub use check::{Counterexample, Model};
pub use script::Script;
pub use step::{Place, Request, Step, Trouble};

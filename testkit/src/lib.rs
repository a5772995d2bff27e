//! The conformance suite of Busway's drivers: what a driver declares is what is tested.
//!
//! A driver's author writes a [`Harness`] (or takes [`Candidate::from_urls`]), and a test program
//! without the standard harness (`harness = false` in `Cargo.toml`):
//!
//! ```no_run
//! use busway_core::driver::Registry;
//! use busway_testkit::{Candidate, Suite};
//!
//! fn main() -> std::process::ExitCode {
//!     let registry = Registry::linked();
//!     let mine = Candidate::from_urls("mine", registry, |number| format!("mine://host/{number}"));
//!     Suite::new().candidate(mine).main()
//! }
//! ```
//!
//! Each case is a line, `mine::a_call_to_a_target_nobody_serves_is_undeliverable`, and
//! `cargo test --test conformance undeliverable` runs those with the word in their name.
//!
//! | room | holds |
//! |---|---|
//! | [`harness`] | what the suite asks of a bus under test, and what it may do to it |
//! | [`suite`] | the table of cases, how they are chosen, run and reported |
//! | [`stage`] | what cases are made of: services of closures, gates, journals, cut futures |
//! | [`broken`] | a driver that sins, to see that the suite catches it |
//! | [`brokers`] | broker processes of the tests' own |
//! | [`certificates`] | certificates of the tests' own, for brokers and clients with TLS |
//! | [`proxy`] | a bad network between a driver and its broker |

pub mod broken;
#[cfg(unix)]
pub mod brokers;
mod cases;
pub mod certificates;
pub mod harness;
pub mod proxy;
pub mod stage;
pub mod suite;

pub use harness::{Candidate, Faults, Harness};
pub use suite::{Case, Need, Suite, Verdict};

//! The conformance suite of Busway's drivers: what a driver declares is what is tested.
//!
//! # Proving a driver
//!
//! The driver's crate has the suite among its `dev-dependencies`, and a test program without the
//! standard harness:
//!
//! ```toml
//! [dev-dependencies]
//! busway-testkit = "0.1"
//!
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! The program, `tests/conformance.rs`, says where the driver is to be tried:
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
//! `cargo test --test conformance undeliverable` runs those with the word in their name. What the
//! driver's [`Capabilities`](busway_core::driver::Capabilities) declare must hold; what they do not
//! is asked for where it can be, and must be refused as `Unsupported`. There is no list of
//! exceptions.
//!
//! Where URLs do not tell one name space from another, or to see what becomes of the driver when
//! connections break and the bus is restarted, it takes a [`Harness`] of one's own, which shows how.
//! A bus that is not on the machine makes [`Candidate::missing`]. [`Suite::matrix`] makes a table of
//! all cases instead of lines. The book's chapter on writing a driver has a complete one that
//! passes.
//!
//! | room | holds |
//! |---|---|
//! | [`harness`] | what the suite asks of a bus under test, and what it may do to it |
//! | [`suite`] | the table of cases, how they are chosen, run and reported |
//! | [`stage`] | what cases are made of: services of closures, gates, journals, cut futures |
//! | [`broken`] | a driver that sins, to see that the suite catches it |
//! | [`model`] | random sequences of operations, judged by what is promised |
//! | [`brokers`] | broker processes of the tests' own |
//! | [`certificates`] | certificates of the tests' own, for brokers and clients with TLS |
//! | [`proxy`] | a bad network between a driver and its broker |

pub mod broken;
#[cfg(unix)]
pub mod brokers;
mod cases;
pub mod certificates;
pub mod harness;
pub mod model;
pub mod proxy;
pub mod stage;
pub mod suite;

/// Its example is a test, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

pub use harness::{Candidate, Faults, Harness};
pub use suite::{Case, Matrix, Need, Room, Suite, Verdict};

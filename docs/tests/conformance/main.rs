//! The driver that the book shows passes the conformance suite.

mod tube;

use std::process::ExitCode;

use busway_core::driver::Registry;
use busway_testkit::{Candidate, Suite};

fn main() -> ExitCode {
    let url = |number| format!("tube://host/{number}");
    Suite::new().candidate(Candidate::from_urls("tube", Registry::linked(), url)).main()
}

//! `cargo xtask matrix`: every driver on every bus against every case of the conformance suite, as
//! a table and as a page of the book.

use crate::{Outcome, no_arguments, run, setup};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    setup::run(&[])?;
    run::loudly(&["cargo", "run", "--package", "busway-tests", "--example", "matrix"])
}

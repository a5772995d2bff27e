//! Every driver on every bus against every case: runs them, prints the matrix, and writes the
//! book's page. `cargo xtask matrix` sets up what is needed, and runs this.

use std::process::ExitCode;

use busway_tests::{MATRIX_PAGE, matrix_page, suite};

fn main() -> ExitCode {
    let matrix = suite().matrix();
    println!("{matrix}");
    if matrix.is_complete() {
        if let Err(error) = std::fs::write(MATRIX_PAGE, matrix_page(&matrix)) {
            eprintln!("docs/src/matrix.md cannot be written: {error}");
            return ExitCode::FAILURE;
        }
        println!("written: docs/src/matrix.md");
    } else {
        println!("not written: docs/src/matrix.md, since not every candidate was run");
    }
    let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
    if matrix.has_failed() || (required && !matrix.is_complete()) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

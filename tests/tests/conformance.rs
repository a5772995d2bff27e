//! Every driver against every case: `cargo test -p busway-tests --test conformance NAME`.

use std::process::ExitCode;

fn main() -> ExitCode {
    busway_tests::suite().main()
}

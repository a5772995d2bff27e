//! Every driver against every case: `cargo test -p busway-tests --test conformance NAME`.

use std::process::ExitCode;

use busway_testkit::Suite;

fn main() -> ExitCode {
    busway_tests::all().into_iter().fold(Suite::new(), Suite::candidate).main()
}

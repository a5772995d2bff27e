//! The program `busway`; all of it is in the library beside.

use std::process::ExitCode;

fn main() -> ExitCode {
    busway_cli::main()
}

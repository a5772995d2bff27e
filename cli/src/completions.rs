//! `busway completions`: what a shell completes.

use clap_complete::Shell;

use crate::args::Cli;
use crate::output;
use crate::problem::Outcome;

/// Print a shell's completion script.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  busway completions bash > ~/.local/share/bash-completion/completions/busway"
)]
pub(crate) struct Args {
    /// The shell.
    pub(crate) shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: &Args) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::described(), "busway", &mut script);
    output::write_raw(&script)
}

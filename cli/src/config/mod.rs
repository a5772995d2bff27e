//! `busway config`: a sample, and a check of what there is.

mod check;
mod sample;

use clap::Subcommand;

use crate::args::Globals;
use crate::problem::Outcome;

/// Write a sample configuration, or check one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Sample(sample::Args),
    Check(check::Args),
}

impl Args {
    /// Whether what goes wrong is to be told as JSON, too.
    pub(crate) fn wants_json(&self) -> bool {
        matches!(&self.what, What::Check(args) if args.json)
    }
}

/// Does what is asked for.
pub(crate) fn run(args: &Args, globals: &Globals) -> Outcome {
    match &args.what {
        What::Sample(_) => sample::run(),
        What::Check(args) => check::run(args, globals),
    }
}

//! The program `busway` as a library: one module per subcommand, and a thin `main` beside.
//!
//! Each subcommand's module has the struct of its arguments, whose documentation is its `--help`,
//! and a function that runs it. What goes wrong becomes an error on one screen with a
//! hint, and an [`Exit`] code.

mod args;
mod bench;
mod broker;
mod bus;
mod call;
mod cast;
mod check;
mod completions;
mod config;
mod demo;
mod drivers;
mod exit;
mod hints;
mod listen;
mod logging;
mod man;
mod notify;
mod output;
mod problem;
mod rpc;
mod run;
mod serve;
mod signals;
mod text;
#[cfg(test)]
mod together;
mod values;

pub use exit::Exit;
pub use run::main;

/// The command line as clap knows it: for what is made from it, such as a page of the book.
#[must_use]
pub fn command() -> clap::Command {
    args::Cli::described()
}

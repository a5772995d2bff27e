//! From the command line to the exit code.

use std::process::ExitCode;
use std::time::Duration;

use anstream::AutoStream;
use clap::{ColorChoice, FromArgMatches};

use crate::args::{Cli, Command};
use crate::exit::Exit;
use crate::output::{color, report};
use crate::problem::{Outcome, Problem};
use crate::{
    bench, broker, call, cast, check, completions, config, demo, drivers, listen, logging, man,
};
use crate::{notify, serve, text};

/// How long what was cut off may take to be dropped.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let color = color::wish(&arguments);
    color::choose(color);
    let cli = Cli::described()
        .color(color)
        .try_get_matches_from(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let exit = match cli {
        Ok(cli) => start(&cli),
        Err(error) => refuse(&error, color),
    };
    ExitCode::from(exit.code())
}

fn start(cli: &Cli) -> Exit {
    logging::start(cli.globals.verbose);
    let outcome = runtime().and_then(|runtime| {
        let outcome = runtime.block_on(run(cli));
        // What was cut off is dropped, and with it the commands that it ran.
        runtime.shutdown_timeout(SHUTDOWN);
        outcome
    });
    match outcome {
        Ok(()) => Exit::Ok,
        Err(problem) => report(&problem, cli),
    }
}

fn runtime() -> Outcome<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Problem::new(Exit::Failure, format!("the runtime could not be started: {error}"))
    })
}

pub(crate) async fn run(cli: &Cli) -> Outcome {
    let globals = &cli.globals;
    match &cli.command {
        Command::Demo(args) => demo::run(args, globals).await,
        Command::Serve(args) => serve::run(args, globals).await,
        Command::Call(args) => call::run(args, globals).await,
        Command::Cast(args) => cast::run(args, globals).await,
        Command::Notify(args) => notify::run(args, globals).await,
        Command::Listen(args) => listen::run(args, globals).await,
        Command::Bench(args) => bench::run(args, globals).await,
        Command::Broker(args) => broker::run(args).await,
        Command::Drivers(args) => drivers::run(args),
        Command::Config(args) => config::run(args, globals),
        Command::Check(args) => check::run(args, globals).await,
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
    }
}

/// Says what is wrong with the command line, or gives the help that was asked for. A URL may
/// stand where clap expects something else and quotes it: its secrets are masked.
fn refuse(error: &clap::Error, color: ColorChoice) -> Exit {
    use std::io::Write;

    let rendered = error.render().ansi().to_string();
    let rendered = if error.use_stderr() { text::mask_urls(&rendered) } else { rendered };
    let color = color::stream_choice(color);
    // Who closed its end does not want to read.
    let _ = if error.use_stderr() {
        AutoStream::new(std::io::stderr(), color).write_all(rendered.as_bytes())
    } else {
        AutoStream::new(std::io::stdout(), color).write_all(rendered.as_bytes())
    };
    if error.use_stderr() { Exit::Usage } else { Exit::Ok }
}

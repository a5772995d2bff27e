//! The command line: what all subcommands share, and which there are.

use std::path::PathBuf;

use busway::Secret;
use clap::{ArgAction, Args, ColorChoice, CommandFactory, Parser, Subcommand};

use crate::exit::Exit;
use crate::serve;
use crate::{
    bench, broker, call, cast, check, completions, config, demo, drivers, listen, man, notify,
};

/// One messaging API, many buses: serve, call, notify, listen, measure and check from the
/// command line.
#[derive(Debug, Parser)]
#[command(
    name = "busway",
    version,
    infer_long_args = false,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

// Options that every subcommand takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// The bus: scheme://[user[:password]@]host[:port][,…]/vhost[?option=value].
    ///
    /// Without it: BUSWAY_TRANSPORT_URL, else the configuration's `transport_url`. A password
    /// on a command line can be seen by others on the machine; the environment or a file keeps
    /// it to yourself.
    #[arg(long, global = true, visible_alias = "transport-url")]
    pub(crate) url: Option<Secret>,
    /// A configuration file: .conf (as oslo.messaging reads it), .toml, .yaml or .json. May be
    /// repeated; what a later file says wins.
    #[arg(
        long = "config",
        global = true,
        value_name = "FILE",
        visible_alias = "config-file",
        action = ArgAction::Append
    )]
    pub(crate) config: Vec<PathBuf>,
    /// Say more: -v shows what goes on and remote tracebacks, -vv details, -vvv everything.
    /// RUST_LOG, when set, chooses what is logged instead.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to use colours; `auto` does on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}

/// The subcommands; each one's help is the documentation of its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Call(call::Args),
    Cast(cast::Args),
    Notify(notify::Args),
    Listen(listen::Args),
    Bench(bench::Args),
    Broker(broker::Args),
    Drivers(drivers::Args),
    Config(config::Args),
    Check(check::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Cli {
    /// The command line as clap knows it, with the exit codes and the environment at its end.
    #[must_use]
    pub(crate) fn described() -> clap::Command {
        Self::command().after_long_help(format!(
            "Exit codes:\n{}\n\nEnvironment:\n{}",
            rows(&exit_codes()),
            rows(&ENVIRONMENT.map(|(name, text)| (name.to_owned(), text)))
        ))
    }
}

/// The exit codes with what they say, for the help and the manual page.
pub(crate) fn exit_codes() -> Vec<(String, &'static str)> {
    Exit::ALL.iter().map(|(exit, text)| (exit.code().to_string(), *text)).collect()
}

/// The variables that the program looks at, for the help and the manual page.
pub(crate) const ENVIRONMENT: [(&str, &str); 4] = [
    ("BUSWAY_TRANSPORT_URL", "the bus, when --url does not name it"),
    ("BUSWAY_…", "any other option of the configuration"),
    ("RUST_LOG", "what is logged to the standard error, such as busway=debug"),
    ("NO_COLOR", "no colours, when set to anything"),
];

fn rows(rows: &[(String, &str)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let lines = rows.iter().map(|(name, text)| format!("  {name:width$}  {text}"));
    lines.collect::<Vec<_>>().join("\n")
}

impl Command {
    /// Whether what goes wrong is to be told as JSON, too.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Serve(args) => args.json,
            Self::Call(args) => args.json,
            Self::Cast(args) => args.json,
            Self::Notify(args) => args.json,
            Self::Listen(args) => args.json,
            Self::Bench(args) => args.json,
            Self::Drivers(args) => args.json,
            Self::Check(args) => args.json,
            Self::Config(args) => args.wants_json(),
            Self::Broker(_) | Self::Demo(_) | Self::Completions(_) | Self::Man(_) => false,
        }
    }
}

//! Tests of commands that need each other, in one process, which is where the in-memory bus is.

mod exec;
mod notifications;
mod requests;

use busway::{Payload, RpcServer};
use clap::Parser;

use crate::args::{Cli, Command};
use crate::bus::{Bus, Purpose};
use crate::output::problem;
use crate::problem::{Outcome, Problem};
use crate::{call, run, serve};

/// A command line.
fn line(arguments: &[&str]) -> Cli {
    Cli::try_parse_from([&["busway"], arguments].concat()).expect("a command line")
}

/// A bus that lasts as long as this, and the server of a `busway serve` on it.
struct Served {
    url: &'static str,
    _bus: Bus,
    server: RpcServer,
}

impl Served {
    async fn start(url: &'static str, arguments: &[&str]) -> Self {
        let cli = line(&[&["serve", "--url", url, "--server", "s"], arguments].concat());
        let Command::Serve(args) = &cli.command else { unreachable!("it says serve") };
        let bus = Bus::open(&cli.globals, Purpose::Rpc).await.expect("a bus");
        let server = serve::start(args, &bus).await.expect("a server");
        Self { url, _bus: bus, server }
    }

    /// What `busway call` gets with these arguments.
    async fn call(&self, arguments: &[&str]) -> Outcome<Payload> {
        let cli = line(&[&["call", "--url", self.url], arguments].concat());
        let Command::Call(args) = &cli.command else { unreachable!("it says call") };
        call::call(args, &cli.globals).await
    }

    /// What `busway call` gets with these arguments, which must be a result.
    async fn result(&self, arguments: &[&str]) -> String {
        self.call(arguments).await.expect("a result").into_json()
    }

    /// What `busway call` gets with these arguments, which must be a problem.
    async fn problem(&self, arguments: &[&str]) -> Problem {
        self.call(arguments).await.expect_err("a problem")
    }

    /// How another command ends.
    async fn run(&self, arguments: &[&str]) -> Outcome {
        run::run(&line(&[arguments, &["--url", self.url]].concat())).await
    }
}

/// What is told of a problem, without colours.
fn told(problem: &Problem, arguments: &[&str]) -> String {
    let told = problem::told(problem, &line(arguments)).expect("something to tell");
    anstream::adapter::strip_str(&told).to_string()
}

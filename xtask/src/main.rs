//! The repository's own chores, run as `cargo xtask …`.
//!
//! Here belongs what a contributor or CI does with the repository as a whole. Nothing here is
//! published, and nothing here uses a crate of ours.

mod arrows;
mod bench;
mod deny;
mod doc_links;
mod fuzz;
mod instructions;
mod matrix;
mod peers;
mod readme;
mod repo;
mod run;
mod setup;
mod test;

use std::env;
use std::fmt::Write;
use std::process::ExitCode;

/// What a chore comes to; an error is a message for the person who runs it.
type Outcome = Result<(), String>;

struct Chore {
    name: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> Outcome,
}

const CHORES: &[Chore] = &[
    Chore { name: "setup", summary: "installs what build and tests need", run: setup::run },
    Chore {
        name: "test",
        summary: "setup, then every test; arguments go to cargo",
        run: test::run,
    },
    Chore {
        name: "matrix",
        summary: "setup, then runs drivers × cases, and writes the book's page of them",
        run: matrix::run,
    },
    Chore {
        name: "peers",
        summary: "makes the Python programs that some tests and benchmarks talk to",
        run: peers::run,
    },
    Chore {
        name: "fuzz",
        summary: "feeds anything to what reads: [--seconds N] [TARGET...]",
        run: fuzz::run,
    },
    Chore {
        name: "bench",
        summary: "setup, then Busway beside others, and the book's page: [--runs N] [pika] [amqp1], or --page alone",
        run: bench::run,
    },
    Chore {
        name: "instructions",
        summary: "counts what a message costs in memory: [--record]",
        run: instructions::run,
    },
    Chore { name: "arrows", summary: "checks which crate uses which", run: arrows::run },
    Chore { name: "deny", summary: "checks licences, sources and advisories", run: deny::run },
    Chore {
        name: "doc-links",
        summary: "checks links and the book's contents",
        run: doc_links::run,
    },
    Chore {
        name: "readme",
        summary: "checks that CI runs the README's commands",
        run: readme::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    };
    let Some(chore) = CHORES.iter().find(|chore| chore.name == name) else {
        eprint!("xtask: there is no chore '{name}'\n\n{}", usage());
        return ExitCode::from(2);
    };
    match (chore.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask {name}: {message}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let mut text = String::from("usage: cargo xtask CHORE [ARGUMENTS]\n\n");
    for chore in CHORES {
        let _ = writeln!(text, "  {:<12} {}", chore.name, chore.summary);
    }
    text
}

/// The error of a chore that was given arguments though it takes none.
fn no_arguments(arguments: &[String]) -> Outcome {
    match arguments {
        [] => Ok(()),
        [first, ..] => Err(format!("'{first}' was not understood: this chore takes no arguments")),
    }
}

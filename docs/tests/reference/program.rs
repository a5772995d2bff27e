//! The page of the program: its `--help`, and that of each of its subcommands.

use std::fmt::Write;

use clap::Command;

const HEAD: &str = "\
# The program `busway`

<!-- Made from the program; `UPDATE_BOOK=1 cargo test -p busway-book --test reference` writes it
anew. -->

What `--help` says. [The command line](../command-line.md) introduces the subcommands. Each of them
takes the global options too.
";

/// The heading of the options that every subcommand has.
const GLOBAL: &str = "Global options:";

pub(crate) fn page() -> String {
    let mut program = busway_cli::command().term_width(100);
    program.build();
    let mut page = HEAD.to_owned();
    let help = program.render_long_help().to_string();
    add(&mut page, "busway", help.lines());
    add_below(&mut page, &mut program, "busway");
    page
}

/// The subcommands of a command, without the global options, which the program's own help has.
fn add_below(page: &mut String, command: &mut Command, name: &str) {
    for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
        let name = format!("{name} {}", below.get_name());
        let help = below.render_long_help().to_string();
        let mut is_global = false;
        let lines = help.lines().filter(|line| {
            if !line.is_empty() && !line.starts_with(' ') {
                is_global = *line == GLOBAL;
            }
            !is_global
        });
        add(page, &name, lines);
        add_below(page, below, &name);
    }
}

fn add<'a>(page: &mut String, name: &str, help: impl Iterator<Item = &'a str>) {
    let help: Vec<_> = help.map(str::trim_end).collect();
    let help = help.join("\n");
    write!(page, "\n## {name}\n\n```text\n{}\n```\n", help.trim_end()).expect("memory");
}

//! `busway man`: the manual, one page for the program and one for each subcommand.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap_mangen::Man;

use crate::args::{Cli, ENVIRONMENT, exit_codes};
use crate::exit::Exit;
use crate::output;
use crate::problem::{Outcome, Problem};

/// What the pages belong to.
const SOURCE: &str = concat!("busway ", env!("CARGO_PKG_VERSION"));

/// Print the manual page, or write those of all subcommands.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  busway man | man -l -\n  busway man --dir ~/.local/share/man/man1"
)]
pub(crate) struct Args {
    /// Write busway.1, busway-call.1 and so on into this folder, which is made if need be.
    #[arg(long)]
    pub(crate) dir: Option<PathBuf>,
}

/// Prints or writes.
pub(crate) fn run(args: &Args) -> Outcome {
    // Each page names the whole program, and has what is global.
    let mut program = Cli::described().disable_help_subcommand(true);
    program.build();
    match &args.dir {
        None => output::write_raw(&page(program)?),
        Some(dir) => write_all(&program, dir),
    }
}

fn write_all(program: &clap::Command, dir: &Path) -> Outcome {
    fs::create_dir_all(dir).map_err(|error| not_written(dir, &error))?;
    write(dir, program)
}

fn write(dir: &Path, command: &clap::Command) -> Outcome {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let path = dir.join(format!("{name}.1"));
    let page = page(command.clone())?;
    fs::write(&path, page).map_err(|error| not_written(&path, &error))?;
    output::say(path.display())?;
    command.get_subcommands().try_for_each(|subcommand| write(dir, subcommand))
}

fn page(command: clap::Command) -> Outcome<Vec<u8>> {
    let (has_subcommands, has_version) =
        (command.has_subcommands(), command.get_version().is_some());
    // The list of exit codes has a section of its own.
    let man = Man::new(command.after_long_help(None::<&str>)).manual("Busway").source(SOURCE);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if has_subcommands {
        man.render_subcommands_section(&mut page)?;
    }
    man.render_extra_section(&mut page)?;
    section(&mut page, "EXIT STATUS", &exit_codes())?;
    section(&mut page, "ENVIRONMENT", &ENVIRONMENT.map(|(name, text)| (name.to_owned(), text)))?;
    if has_version {
        man.render_version_section(&mut page)?;
    }
    Ok(page)
}

fn section(page: &mut Vec<u8>, title: &str, rows: &[(String, &str)]) -> Outcome {
    use clap_mangen::roff::{Roff, bold, roman};

    let mut section = Roff::new();
    section.control("SH", [title]);
    for (name, text) in rows {
        section.control("TP", []).text([bold(name)]).text([roman(*text)]);
    }
    section.to_writer(page)?;
    page.flush()?;
    Ok(())
}

fn not_written(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(Exit::Failure, format!("{} cannot be written: {error}", path.display()))
}

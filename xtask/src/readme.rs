//! `cargo xtask readme`: what CI runs as the README's commands stands in the README.

use crate::{Outcome, no_arguments, repo};

/// The file that says what CI runs; its lines `readme 'COMMAND'` are the README's commands.
const CI: &str = ".ci/run";
const README: &str = "README.md";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    check(&repo::read(CI)?, &repo::read(README)?)
}

fn check(ci: &str, readme: &str) -> Outcome {
    let commands = commands_of_ci(ci);
    if commands.is_empty() {
        return Err(format!("{CI} runs no command of the README (no line `readme '…'`)"));
    }
    let shown = code_lines(readme);
    let absent: Vec<_> = commands.into_iter().filter(|command| !shown.contains(command)).collect();
    if absent.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{CI} runs `{}`, which stands on no line of a code block of {README}",
        absent.join("`, `")
    ))
}

fn commands_of_ci(ci: &str) -> Vec<&str> {
    ci.lines().filter_map(|line| line.trim().strip_prefix("readme '")?.strip_suffix('\'')).collect()
}

/// The lines of the code blocks between fences.
fn code_lines(markdown: &str) -> Vec<&str> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in markdown.lines().map(str::trim) {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const CI: &str = "set -u\nreadme 'cargo xtask test'\n";

    #[test]
    fn a_command_on_a_line_of_its_own_is_found() {
        assert_eq!(check(CI, "# Busway\n\n```sh\ncargo xtask test\n```\n"), Ok(()));
    }

    #[test]
    fn a_command_outside_of_code_or_with_more_on_its_line_is_not_the_same() {
        for readme in ["cargo xtask test\n", "```\ncargo xtask test --quick\n```\n", ""] {
            let error = check(CI, readme).expect_err(readme);
            assert!(error.contains("`cargo xtask test`"), "{error}");
        }
    }

    #[test]
    fn a_ci_that_runs_nothing_of_the_readme_is_a_mistake() {
        assert!(check("cargo test\n", "```\ncargo test\n```\n").is_err());
    }

    #[test]
    fn the_ci_of_this_repository_names_two_commands() {
        let ci = repo::read(super::CI).expect("readable");
        assert_eq!(commands_of_ci(&ci).len(), 2);
    }
}

//! Running other programs, so that what is run can be read and repeated by hand.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::{Outcome, repo};

/// A command in the workspace's folder, without input.
pub(crate) fn command(words: &[&str]) -> Command {
    let (program, arguments) = words.split_first().expect("a command has a program");
    let mut command = Command::new(program);
    command.args(arguments).current_dir(repo::root()).stdin(Stdio::null());
    // What cargo tells of this package is not of those that are built by the command: some are
    // built anew whenever it differs, and all that depend on them.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_of_this_package) {
            command.env_remove(name);
        }
    }
    command
}

fn is_of_this_package(variable: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| variable.starts_with(prefix))
}

/// Prints a command and runs it; an error says how it ended.
pub(crate) fn loudly(words: &[&str]) -> Outcome {
    eprintln!("$ {}", words.join(" "));
    let status =
        command(words).status().map_err(|error| format!("cannot run {}: {error}", words[0]))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{}` ended with {status}", words.join(" ")))
    }
}

/// Whether a command can be run and ends well; what it prints is dropped.
pub(crate) fn succeeds(words: &[&str]) -> bool {
    let status = command(words).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// A time for a person: `41 s`, `3 min 7 s`.
pub(crate) fn spoken(time: Duration) -> String {
    match (time.as_secs() / 60, time.as_secs() % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_does_not_succeed() {
        assert!(!succeeds(&["no-such-program-of-any-machine"]));
    }

    #[test]
    fn a_failed_command_is_named_with_its_status() {
        let error = loudly(&["false"]).expect_err("false fails");
        assert!(error.contains("`false`") && error.contains('1'), "{error}");
    }

    #[test]
    fn a_command_is_not_told_of_this_package() {
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let output = command(&["env"]).output().expect("env runs");
        let told = String::from_utf8(output.stdout).expect("text");
        assert!(told.contains("PATH="), "{told}");
        assert!(!told.lines().any(is_of_this_package), "{told}");
    }

    #[test]
    fn times_are_spoken_in_minutes_and_seconds() {
        assert_eq!(spoken(Duration::from_secs(59)), "59 s");
        assert_eq!(spoken(Duration::from_secs(127)), "2 min 7 s");
    }
}

//! Running the program.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

/// How long one run may take: far longer than it does.
const PATIENCE: Duration = Duration::from_mins(2);

/// The program with these arguments, and nothing of the tests' own environment that it looks at.
pub(crate) fn busway(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_busway"));
    for (name, _) in std::env::vars_os() {
        let known = ["RUST_LOG", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"];
        let name = name.to_string_lossy();
        if name.starts_with("BUSWAY_") || known.contains(&&*name) {
            command.env_remove(&*name);
        }
    }
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// How a run ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Ended {
    /// The standard output as JSON, all of it.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts the exit code, and gives itself back.
    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// Runs it to its end.
pub(crate) async fn run(arguments: &[&str]) -> Ended {
    end(busway(arguments)).await
}

/// Runs it to its end.
pub(crate) async fn end(mut command: Command) -> Ended {
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    ended.expect("it ends in time").expect("it starts").into()
}

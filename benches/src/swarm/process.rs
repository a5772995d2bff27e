use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::ROLE;
use crate::BoxError;

/// What an answer begins with that is none.
pub(super) const FAILED: &str = "failed: ";

/// A process of clients; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Process {
    pub(super) fn start(program: &Path, url: &str, clients: usize) -> Result<Self, BoxError> {
        let mut command = Command::new(program);
        command.args(ROLE).args([url, &clients.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let answers = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Self { child, answers })
    }

    pub(super) fn tell(&mut self, what: &str) -> Result<(), BoxError> {
        let input = self.child.stdin.as_mut().ok_or("no input")?;
        Ok(writeln!(input, "{what}")?)
    }

    /// Waits for a line of it.
    pub(super) fn answer(&mut self) -> Result<String, BoxError> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err("a process of clients has ended".into());
        }
        let line = line.trim_end();
        match line.strip_prefix(FAILED) {
            Some(why) => Err(why.into()),
            None => Ok(line.to_owned()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It has nothing left to do.
        let _ = self.child.wait();
    }
}

/// Says a line to whoever started this process.
pub(super) fn say(line: &str) -> std::io::Result<()> {
    println!("{}", line.replace('\n', " "));
    std::io::stdout().flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that says what it is told to, whatever its words.
    fn saying(lines: &str) -> Process {
        let mut command = Command::new("printf");
        let mut child = command.arg(lines).stdout(Stdio::piped()).spawn().expect("a process");
        let answers = BufReader::new(child.stdout.take().expect("its output"));
        Process { child, answers }
    }

    #[test]
    fn an_answer_is_a_line_or_says_why_there_is_none() {
        let mut process = saying("10\\nfailed: no more files\\n");
        assert_eq!(process.answer().expect("an answer"), "10");
        assert_eq!(process.answer().expect_err("none").to_string(), "no more files");
        assert!(process.answer().expect_err("gone").to_string().contains("ended"));
    }
}

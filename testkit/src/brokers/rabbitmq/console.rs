use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use busway_core::{Error, ErrorKind, Result};
use parking_lot::Mutex;

/// How long the broker may take for an answer: one that locks a table waits for all who are about
/// to declare something there, which may be thousands of queues.
const ANSWER: Duration = Duration::from_mins(3);
/// What begins an answer.
const MARK: &str = "@busway ";

/// The Erlang shell of a broker: what `rabbitmqctl` does in seconds, it does in milliseconds.
#[derive(Debug)]
pub(super) struct Console(Mutex<Lines>);

#[derive(Debug)]
struct Lines {
    stdin: ChildStdin,
    answers: Receiver<String>,
    count: u64,
}

impl Console {
    /// The shell behind these streams; everything it prints goes to the log.
    pub(super) fn new(stdin: ChildStdin, stdout: ChildStdout, log: File) -> Self {
        let (sender, answers) = mpsc::channel();
        // It ends with the stream, that is with the broker.
        std::thread::spawn(move || read(stdout, log, &sender));
        Self(Mutex::new(Lines { stdin, answers, count: 0 }))
    }

    /// Evaluates an expression, and returns its value as Erlang writes it.
    pub(super) fn evaluate(&self, expression: &str) -> Result<String> {
        let failed = |why: String| {
            let error = Error::new(ErrorKind::Connection, why);
            error.attempted("evaluate").with("expression", expression)
        };
        let mut lines = self.0.lock();
        lines.count += 1;
        let mark = format!("{MARK}{} ", lines.count);
        let line = format!("io:format(\"~n{mark}~0p~n\", [catch begin {expression} end]).\n");
        lines
            .stdin
            .write_all(line.as_bytes())
            .map_err(|error| failed(format!("the broker's shell is gone: {error}")))?;
        let until = Instant::now() + ANSWER;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let answer = lines.answers.recv_timeout(left);
            let answer =
                answer.map_err(|error| failed(format!("the broker's shell is silent: {error}")))?;
            // Answers of those who gave up come late.
            let Some(value) = answer.strip_prefix(&mark) else { continue };
            if value.starts_with("{'EXIT'") {
                return Err(failed(format!("the broker's shell says: {value}")));
            }
            return Ok(value.to_owned());
        }
    }
}

fn read(stdout: ChildStdout, mut log: File, answers: &Sender<String>) {
    for line in BufReader::new(stdout).split(b'\n') {
        let Ok(line) = line else { return };
        let line = String::from_utf8_lossy(&line);
        // A log that cannot be written is a pity, no more.
        let _ = writeln!(log, "{line}");
        if let Some(at) = line.find(MARK) {
            let _ = answers.send(line[at..].to_owned());
        }
    }
}

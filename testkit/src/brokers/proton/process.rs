use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use busway_core::Result;
use serde_json::Value;
use tempfile::TempDir;

use super::super::group::Group;
use super::failed;

/// How long it may take to start, on a machine that has much else to do.
const START: Duration = Duration::from_mins(1);
/// How long it may take for an answer.
const ANSWER: Duration = Duration::from_mins(1);
/// The end of the log that an error shows.
const TAIL: usize = 2000;

/// The program, a file each.
const PROGRAM: [(&str, &str); 7] = [
    ("broker.py", include_str!("broker.py")),
    ("cyrus.py", include_str!("cyrus.py")),
    ("links.py", include_str!("links.py")),
    ("message.py", include_str!("message.py")),
    ("nodes.py", include_str!("nodes.py")),
    ("peer.py", include_str!("peer.py")),
    ("sasl.py", include_str!("sasl.py")),
];

/// The folder of the program and its log.
#[derive(Debug)]
pub(super) struct Folder {
    kept: Option<TempDir>,
    path: PathBuf,
}

impl Folder {
    pub(super) fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("busway-proton-").tempdir()?;
        for (name, text) in PROGRAM {
            fs::write(folder.path().join(name), text)?;
        }
        Ok(Self { path: folder.path().to_owned(), kept: Some(folder) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the files there for a person to read.
    pub(super) fn keep(&mut self) {
        if let Some(folder) = self.kept.take() {
            eprintln!("the broker's files are kept in {}", folder.keep().display());
        }
    }

    fn log(&self) -> PathBuf {
        self.path.join("broker.log")
    }

    fn last_words(&self) -> String {
        let mut text = Vec::new();
        // What cannot be read is not shown.
        let _ = File::open(self.log()).and_then(|mut log| log.read_to_end(&mut text));
        let end = &text[text.len().saturating_sub(TAIL)..];
        String::from_utf8_lossy(end).into_owned()
    }
}

/// The running program: commands go to its input, and each is answered by a line.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) group: Group,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
}

impl Process {
    pub(super) fn start(folder: &Folder, python: &OsStr, port: u16, options: &str) -> Result<Self> {
        let not_started = |error| failed("the broker cannot be started").because(error);
        let log = File::options().create(true).append(true).open(folder.log());
        let mut command = Command::new(python);
        command
            .arg("-B")
            .arg(folder.path().join("broker.py"))
            .args([&port.to_string(), options])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.map_err(not_started)?);
        let mut group = Group::spawn(&mut command).map_err(not_started)?;
        let stdin = group.leader().stdin.take();
        let Some(stdout) = group.leader().stdout.take() else {
            return Err(failed("the broker has no output"));
        };
        let (sender, lines) = mpsc::channel();
        // It ends with the stream, that is with the broker.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { return };
                if sender.send(serde_json::from_str(&line).unwrap_or_default()).is_err() {
                    return;
                }
            }
        });
        let process = Self { group, stdin, lines };
        match process.lines.recv_timeout(START) {
            Ok(_) => Ok(process),
            Err(_) => Err(failed(format!("the broker is not ready\n{}", folder.last_words()))),
        }
    }

    /// Gives a command and waits for its answer.
    pub(super) fn ask(&mut self, command: &Value) -> Result<Value> {
        let gone = |error: String| failed(format!("the broker is silent: {error}"));
        let stdin = self.stdin.as_mut().ok_or_else(|| gone("it ends".to_owned()))?;
        let written = stdin.write_all(format!("{command}\n").as_bytes());
        written.map_err(|error| gone(error.to_string()))?;
        let answer = self.lines.recv_timeout(ANSWER).map_err(|error| gone(error.to_string()))?;
        match &answer["error"] {
            Value::Null => Ok(answer["result"].clone()),
            error => Err(failed(format!("the broker says: {error}"))),
        }
    }

    /// Lets it end by itself.
    pub(super) fn end(mut self, at_most: Duration) {
        drop(self.stdin.take());
        self.group.wait(at_most);
    }
}

//! A Python program that talks in JSON lines.

use std::collections::VecDeque;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use busway_testkit::stage::soon;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// How long a Python may take to import what it needs, on a machine that has much else to do.
const START: Duration = Duration::from_mins(1);

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder of the workspace")
}

/// The programs' environment: the version of oslo.messaging, and what it needs.
#[derive(Clone, Copy, Debug)]
pub struct Environment {
    name: &'static str,
    /// What is in it, for a person.
    what: &'static str,
    /// The packages that it must have, as `cargo xtask peers` notes them there.
    requirements: &'static str,
}

impl Environment {
    /// The last oslo.messaging with a driver for pika.
    pub const PIKA: Self = Self {
        name: "pika",
        what: "oslo.messaging's pika driver, which needs Python 3.7",
        requirements: include_str!("../../peers/pika/requirements.txt"),
    };
    /// The last oslo.messaging with a driver for AMQP 1.0, and Qpid Proton's engine.
    pub const AMQP1: Self = Self {
        name: "amqp1",
        what: "oslo.messaging's amqp driver, which needs Python 3.11 or newer",
        requirements: include_str!("../../peers/amqp1/requirements.txt"),
    };

    /// Its Python.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.folder().join("bin/python")
    }

    /// Why no program can be run in it, if so.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        let installed = std::fs::read_to_string(self.folder().join("requirements.txt"));
        let ready = installed.is_ok_and(|installed| installed == self.requirements);
        (!ready).then(|| format!("{} (`cargo xtask peers`)", self.what))
    }

    fn folder(&self) -> PathBuf {
        repository().join("target/peers").join(self.name)
    }

    /// Where its programs find what is particular to it.
    fn path(&self) -> PathBuf {
        repository().join("tests/peers").join(self.name)
    }
}

/// A running peer; it ends with its value.
#[derive(Debug)]
pub struct Peer {
    script: String,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it said before it was ready: messages that had waited for it.
    early: VecDeque<Value>,
    errors: std::fs::File,
    child: Child,
}

impl Peer {
    /// Starts a script, and waits until it is ready.
    pub async fn start(environment: Environment, script: &str, arguments: &[&str]) -> Self {
        let errors = tempfile::tempfile().expect("a file");
        let mut child = Command::new(environment.python())
            .arg("-B")
            .arg(repository().join("tests/peers").join(script))
            .env("PYTHONPATH", environment.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.try_clone().expect("the file again"))
            .kill_on_drop(true)
            .spawn()
            .expect("a Python");
        let input = child.stdin.take();
        let output = child.stdout.take().expect("its output was asked for");
        let lines = BufReader::new(output).lines();
        let early = VecDeque::new();
        let mut peer = Self { script: script.to_owned(), input, lines, early, errors, child };
        let ready = tokio::time::timeout(START, peer.until_ready()).await;
        ready.unwrap_or_else(|_| panic!("{script} is not ready within {START:?}"));
        peer
    }

    async fn until_ready(&mut self) {
        loop {
            let line = self.read().await;
            if line.get("ready").is_some() {
                return;
            }
            self.early.push_back(line);
        }
    }

    /// The next line that it prints; waits for it.
    pub async fn next(&mut self) -> Value {
        match self.early.pop_front() {
            Some(line) => line,
            None => soon(self.read()).await,
        }
    }

    async fn read(&mut self) -> Value {
        let line = self.lines.next_line().await.expect("its output is read");
        let line = line.unwrap_or_else(|| panic!("{} has ended", self.script));
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    /// Tells it a line.
    pub async fn tell(&mut self, command: &Value) {
        let input = self.input.as_mut().expect("it has not been stopped");
        input.write_all(format!("{command}\n").as_bytes()).await.expect("it listens");
    }

    /// Tells it a line and waits for what it says to that.
    pub async fn ask(&mut self, command: &Value) -> Value {
        self.tell(command).await;
        self.next().await
    }

    /// Waits until it has ended in good order, and gives back what else it said.
    pub async fn stop(mut self) -> Vec<Value> {
        drop(self.input.take());
        let mut rest = Vec::from(std::mem::take(&mut self.early));
        while let Some(line) = soon(self.lines.next_line()).await.expect("its output is read") {
            rest.push(serde_json::from_str(&line).expect("JSON"));
        }
        let status = soon(self.child.wait()).await.expect("it is waited for");
        assert!(status.success(), "{} ended with {status}", self.script);
        rest
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut said = String::new();
            let read = self.errors.rewind().and_then(|()| self.errors.read_to_string(&mut said));
            eprintln!("--- {} said on its standard error ({read:?}):\n{said}", self.script);
        }
    }
}

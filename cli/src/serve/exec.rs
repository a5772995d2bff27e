//! A shell command as an endpoint.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use busway::{Context, Endpoint, Failure, Limits, Payload, Visibility, async_trait};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

use crate::values;

/// How much of a command's standard error becomes the message of its failure, in bytes.
const MOST_STDERR: u64 = 16 * 1024;
/// The module of the failures of commands.
const MODULE: &str = "busway.serve";

/// Answers every method by running a shell command.
pub(super) struct Exec {
    command: String,
    topic: String,
    server: String,
    limits: Limits,
}

impl Exec {
    pub(super) fn new(command: &str, topic: &str, server: &str, limits: Limits) -> Self {
        Self {
            command: command.to_owned(),
            topic: topic.to_owned(),
            server: server.to_owned(),
            limits,
        }
    }

    fn start(&self, method: &str) -> io::Result<Running> {
        let mut command = Command::new("sh");
        command
            .args(["-c", &self.command])
            .env("RPC_METHOD", method)
            .env("RPC_TOPIC", &self.topic)
            .env("RPC_SERVER", &self.server)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // In a group of its own, a Ctrl-C for us does not end it before it has answered, and it
        // can be killed with all that it started.
        #[cfg(unix)]
        command.process_group(0);
        command.spawn().map(Running)
    }

    async fn run(&self, method: &str, input: &Payload) -> Result<Payload, Failure> {
        let mut running = self.start(method)?;
        let (stdin, stdout, stderr) =
            (running.0.stdin.take(), running.0.stdout.take(), running.0.stderr.take());
        let ((), stdout, stderr) = tokio::try_join!(
            feed(stdin, input),
            read_all(stdout, self.limits.max_size),
            read_first(stderr, MOST_STDERR),
        )?;
        let status = running.0.wait().await?;
        if !status.success() {
            let said = String::from_utf8_lossy(&stderr);
            let said = said.trim();
            let message = if said.is_empty() { status.to_string() } else { said.to_owned() };
            return Err(failure("CommandFailed", message));
        }
        match String::from_utf8_lossy(&stdout).trim() {
            "" => Ok(Payload::null()),
            said => Ok(values::json_or_text(said)),
        }
    }
}

/// What the command reads.
#[derive(Serialize)]
struct Input<'a> {
    method: &'a str,
    args: &'a Payload,
    context: &'a Map<String, Value>,
}

#[async_trait]
impl Endpoint for Exec {
    fn visibility(&self, method: &str) -> Option<Visibility> {
        let private = method.starts_with('_');
        Some(if private { Visibility::Private } else { Visibility::Public })
    }

    async fn call(
        &self,
        method: &str,
        args: Payload,
        context: Context,
    ) -> Result<Payload, Failure> {
        let remaining = context.remaining().unwrap_or(Duration::MAX);
        let input = Payload::of(&Input { method, args: &args, context: context.values() })?;
        let answer = tokio::time::timeout(remaining, self.run(method, &input)).await;
        answer.unwrap_or_else(|_| {
            Err(failure("CommandTimedOut", "the command was killed at its caller's deadline"))
        })
    }
}

fn failure(class: &str, message: impl Into<String>) -> Failure {
    Failure::new(class, MODULE, message).expected()
}

/// Writes the input as a line and closes; a command need not read it.
async fn feed(stdin: Option<ChildStdin>, input: &Payload) -> Result<(), Failure> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    let line = format!("{}\n", input.as_json());
    match stdin.write_all(line.as_bytes()).await {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Reads to the end, which must come before so many bytes.
async fn read_all(stream: Option<impl AsyncRead + Unpin>, most: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // One byte more tells that there was too much.
        stream.take((most as u64).saturating_add(1)).read_to_end(&mut bytes).await?;
    }
    if bytes.len() > most {
        return Err(failure("TooMuchOutput", format!("the command wrote more than {most} bytes")));
    }
    Ok(bytes)
}

/// Reads to the end, and keeps so many bytes.
async fn read_first(stream: Option<impl AsyncRead + Unpin>, most: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        (&mut stream).take(most).read_to_end(&mut bytes).await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

/// A running command; dropped before its end, it is killed with all that it started.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self.0.id().and_then(|id| i32::try_from(id).ok())
            && let Some(group) = rustix::process::Pid::from_raw(group)
        {
            // It may have ended just now.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use super::results::Run;
use super::taken::Taken;
use super::{Pattern, READY, Side};
use crate::BoxError;
use crate::process::Usage;

/// A server in a process of its own; it ends when this is dropped.
pub(super) struct Server<'a> {
    child: Child,
    side: &'a Side,
}

impl<'a> Server<'a> {
    pub(super) fn start(side: &'a Side) -> Result<Self, BoxError> {
        let command = &mut side.command("server");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        if line.trim_end() != READY {
            return Err(format!("the server of {} did not start", side.name).into());
        }
        Ok(Self { child, side })
    }

    /// One run of a client, by a broker of that process id.
    pub(super) fn run(&self, pattern: Pattern, broker: Option<u32>) -> Result<Run, BoxError> {
        let used =
            || Ok::<_, BoxError>((Usage::of(self.child.id())?, broker.map(Usage::of).transpose()?));
        let (server, broker_before) = used()?;
        let mut command = self.side.command(pattern.kind);
        let output = command.args(pattern.words()).stderr(Stdio::inherit()).output()?;
        let (server_after, broker_after) = used()?;
        let taken = Taken::read(&String::from_utf8(output.stdout)?)
            .ok_or_else(|| format!("the client of {} failed", self.side.name))?;
        let server = server_after.cpu.saturating_sub(server.cpu);
        let broker = broker_after.zip(broker_before);
        let broker = broker.map(|(after, before)| after.cpu.saturating_sub(before.cpu));
        Ok(Run::of(pattern, &taken, server, broker))
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It has nothing left to do.
        let _ = self.child.wait();
    }
}

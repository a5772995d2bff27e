use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use super::ground::Spot;
use super::results::Run;
use super::taken::Taken;
use super::{Pattern, READY, Side};
use crate::BoxError;
use crate::process::Usage;

/// One run of a side: a client of a server that nobody used before.
///
/// A process has its luck for life, with where its memory lies: a server that stayed would have the
/// same in every run.
pub(super) fn run(side: &Side, spot: &Spot<'_>, pattern: Pattern) -> Result<Run, BoxError> {
    Server::start(side, spot)?.run(pattern)
}

/// A server in a process of its own; it ends when this is dropped.
struct Server<'a> {
    child: Child,
    side: &'a Side,
    spot: &'a Spot<'a>,
}

impl<'a> Server<'a> {
    fn start(side: &'a Side, spot: &'a Spot<'a>) -> Result<Self, BoxError> {
        let command = &mut side.command("server", spot);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        if line.trim_end() != READY {
            return Err(format!("the server of {} did not start", side.name).into());
        }
        Ok(Self { child, side, spot })
    }

    fn run(&self, pattern: Pattern) -> Result<Run, BoxError> {
        let (server, broker) = self.used()?;
        let mut command = self.side.command(pattern.kind, self.spot);
        let output = command.args(pattern.words()).stderr(Stdio::inherit()).output()?;
        let (server_after, broker_after) = self.used()?;
        let taken = Taken::read(&String::from_utf8(output.stdout)?)
            .ok_or_else(|| format!("the client of {} failed", self.side.name))?;
        let server = server_after.cpu.saturating_sub(server.cpu);
        let broker = broker_after.zip(broker);
        let broker = broker.map(|(after, before)| after.cpu.saturating_sub(before.cpu));
        Ok(Run::of(pattern, &taken, server, broker))
    }

    /// What the server and the broker have used so far.
    fn used(&self) -> Result<(Usage, Option<Usage>), BoxError> {
        let broker = self.spot.broker().map(Usage::of).transpose()?;
        Ok((Usage::of(self.child.id())?, broker))
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It has nothing left to do.
        let _ = self.child.wait();
    }
}

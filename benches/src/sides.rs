//! The same exchange by several sides, each with a server and clients in processes of their own,
//! in turn; the first side is compared with each of the others.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use crate::process::Usage;
use crate::{BoxError, Exchange, Telling, drive};

/// What is measured: a name, how many at a time, how many in all.
pub type Pattern = (&'static str, u64, u64);

/// What a server says when it is ready.
pub const READY: &str = "ready";

/// The least share of a limit's rate.
const LEAST: f64 = 0.95;
const RUNS: usize = 5;

/// A program that plays a side: with `server` and the words of the side it prints [`READY`] and
/// serves until its standard input ends; with a pattern, those words, how many at a time and how
/// many in all, it sends, and prints what [`report`] prints.
#[derive(Clone, Debug)]
pub struct Side {
    /// What it is called in the table.
    pub name: &'static str,
    /// The program.
    pub program: PathBuf,
    /// What comes before the role.
    pub first: Vec<String>,
    /// What comes after it.
    pub words: Vec<String>,
    /// Whether the first side is to reach as good as its rate.
    pub is_limit: bool,
}

impl Side {
    fn command(&self, role: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.first).arg(role).args(&self.words);
        command
    }
}

/// Says on a line what whoever started this process waits for, and waits for the end of the
/// standard input.
///
/// # Errors
/// When the standard streams are gone.
pub fn serve_until_told(line: &str) -> Result<(), BoxError> {
    println!("{line}");
    std::io::stdout().flush()?;
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

/// Warms a client up with a tenth, then measures it: the time, and the processor time.
///
/// # Errors
/// The first error of a message.
pub async fn timed(
    pattern: &str,
    client: &(impl Exchange + Telling),
    at_a_time: u64,
    whole: u64,
) -> Result<(Duration, Duration), BoxError> {
    let run = async |whole| match pattern {
        "calls" => drive::calls(client, at_a_time, whole).await,
        "casts" => drive::casts(client, at_a_time, whole).await,
        _ => drive::notifications(client, at_a_time, whole).await,
    };
    run(whole / 10).await?;
    let before = Usage::of(std::process::id())?;
    let time = run(whole).await?;
    let after = Usage::of(std::process::id())?;
    Ok((time, after.cpu.saturating_sub(before.cpu)))
}

/// Prints what a run took, in seconds, and the memory that this process holds.
///
/// # Errors
/// Where Linux does not tell.
pub fn report((time, cpu): (Duration, Duration)) -> Result<(), BoxError> {
    let resident = Usage::of(std::process::id())?.resident;
    println!("{} {} {resident}", time.as_secs_f64(), cpu.as_secs_f64());
    Ok(())
}

/// A server in a process of its own; it ends when this is dropped.
struct Server<'a> {
    child: Child,
    side: &'a Side,
}

impl<'a> Server<'a> {
    fn start(side: &'a Side) -> Result<Self, BoxError> {
        let command = &mut side.command("server");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        if line.trim_end() != READY {
            return Err(format!("the server of {} did not start", side.name).into());
        }
        Ok(Self { child, side })
    }

    /// One run of a client.
    fn run(&self, (pattern, at_a_time, whole): Pattern) -> Result<Run, BoxError> {
        let before = Usage::of(self.child.id())?;
        let output = self
            .side
            .command(pattern)
            .args([at_a_time.to_string(), whole.to_string()])
            .stderr(Stdio::inherit())
            .output()?;
        let after = Usage::of(self.child.id())?;
        let text = String::from_utf8(output.stdout)?;
        let numbers: Vec<f64> =
            text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let &[seconds, cpu, resident] = &numbers[..] else {
            return Err(format!("the client of {} failed", self.side.name).into());
        };
        #[allow(clippy::cast_precision_loss, reason = "a float holds such a count exactly")]
        let count = whole as f64;
        Ok(Run {
            rate: count / seconds,
            client_micros: cpu * 1e6 / count,
            // It has served what warmed up as well.
            server_micros: after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1e6 / (count * 1.1),
            resident: resident / 1024.0 / 1024.0,
        })
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It has nothing left to do.
        let _ = self.child.wait();
    }
}

/// What one run of a client came to.
#[derive(Clone, Copy, Default)]
struct Run {
    rate: f64,
    client_micros: f64,
    server_micros: f64,
    resident: f64,
}

/// Measures the sides in turn and prints their medians: the patterns whose names begin with the
/// words, each `--runs N` times. Fails when the first side does less than 0.95 of a limit.
///
/// # Errors
/// When a side cannot be run, or the words are not understood.
pub fn compare(sides: &[Side], patterns: &[Pattern], words: &[&str]) -> Result<ExitCode, BoxError> {
    let (runs, chosen) = match words {
        ["--runs", runs, rest @ ..] => (runs.parse()?, rest.join(" ")),
        rest => (RUNS, rest.join(" ")),
    };
    let servers = sides.iter().map(Server::start).collect::<Result<Vec<_>, _>>()?;
    println!(
        "a second: medians of {runs} runs of each side in turn; processor time in microseconds"
    );
    println!("a message, of the client and of the server; MiB that the client holds");
    println!("ratio: of the first side's rate to this one's");
    println!(
        "{:<18} {:<8} {:>8} {:>6} {:>8} {:>8} {:>7}",
        "pattern", "side", "rate", "ratio", "client", "server", "memory"
    );
    let mut within = true;
    for pattern in patterns {
        let name = format!("{} {}", pattern.0, pattern.1);
        if !name.starts_with(&chosen) {
            continue;
        }
        let mut results = vec![Vec::new(); sides.len()];
        for _ in 0..runs {
            for (results, server) in results.iter_mut().zip(&servers) {
                results.push(server.run(*pattern)?);
            }
        }
        let medians: Vec<_> = results.iter().map(|runs| median(runs)).collect();
        for (side, run) in sides.iter().zip(&medians) {
            let ratio = medians[0].rate / run.rate;
            println!(
                "{name:<18} {:<8} {:>8.0} {ratio:>6.2} {:>8.1} {:>8.1} {:>7.1}",
                side.name, run.rate, run.client_micros, run.server_micros, run.resident,
            );
            within &= !side.is_limit || ratio >= LEAST;
        }
    }
    if within {
        return Ok(ExitCode::SUCCESS);
    }
    println!("FAILED: less than {LEAST} of what the client library does by hand");
    Ok(ExitCode::FAILURE)
}

fn median(runs: &[Run]) -> Run {
    let of = |value: fn(&Run) -> f64| {
        let mut values: Vec<_> = runs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Run {
        rate: of(|run| run.rate),
        client_micros: of(|run| run.client_micros),
        server_micros: of(|run| run.server_micros),
        resident: of(|run| run.resident),
    }
}

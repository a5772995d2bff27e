//! Busway over RabbitMQ beside the client library by hand: `cargo bench -p busway-benches --bench
//! pika`, with `-- PATTERN` for one pattern (`calls 64`, `casts`, …), `--runs N` for other medians.
//!
//! A broker of its own; for each side a server in a process of its own on a virtual host of its
//! own, and a client in a new process for each run, the sides in turn. Fails when Busway does
//! less than 0.95 of what the client library does by hand.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use busway_benches::bus::{self, Bus};
use busway_benches::process::Usage;
use busway_benches::{BoxError, by_hand, drive};
use busway_driver_pika as _;
use busway_testkit::brokers::RabbitMq;
use tokio::runtime::{Builder, Runtime};

/// What is measured: a name, how many at a time, how many in all.
const PATTERNS: [(&str, u64, u64); 6] = [
    ("calls", 1, 4_000),
    ("calls", 5, 10_000),
    ("calls", 64, 30_000),
    ("calls", 256, 30_000),
    ("casts", 256, 40_000),
    ("notifications", 100, 40_000),
];
const SIDES: [&str; 2] = ["busway", "lapin"];
const RUNS: usize = 5;
/// The least share of the by-hand rate.
const LEAST: f64 = 0.95;

fn main() -> Result<ExitCode, BoxError> {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["--role", "server", side, port, vhost] => server(side, port.parse()?, vhost),
        ["--role", pattern, side, port, vhost, at_a_time, whole] => {
            client(pattern, side, port.parse()?, vhost, at_a_time.parse()?, whole.parse()?)
        }
        _ => compare(&words),
    }
}

/// One worker thread: what the client library hands from thread to thread costs more than a
/// second one brings.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).enable_all().build()
}

fn url(port: u16, vhost: &str) -> String {
    let patience = "socket_timeout=5&tcp_user_timeout=30&login_timeout=30";
    format!("pika://guest:guest@127.0.0.1:{port}/{vhost}?{patience}")
}

/// Serves until its standard input ends.
fn server(side: &str, port: u16, vhost: &str) -> Result<ExitCode, BoxError> {
    let runtime = runtime()?;
    let mut bus = None;
    if side == SIDES[0] {
        bus = Some(runtime.block_on(Bus::start(&url(port, vhost)))?);
    } else {
        runtime.block_on(by_hand::serve(port, vhost))?;
    }
    println!("ready");
    std::io::stdout().flush()?;
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    if let Some(bus) = bus {
        runtime.block_on(bus.stop())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Sends, and prints the seconds and the processor time that it took, in seconds, and its memory.
fn client(
    pattern: &str,
    side: &str,
    port: u16,
    vhost: &str,
    at_a_time: u64,
    whole: u64,
) -> Result<ExitCode, BoxError> {
    let (time, cpu) = runtime()?.block_on(async {
        if side == SIDES[0] {
            let client = bus::Client::connect(&url(port, vhost)).await?;
            timed(pattern, &client, at_a_time, whole).await
        } else {
            let client = by_hand::Client::connect(port, vhost).await?;
            timed(pattern, &client, at_a_time, whole).await
        }
    })?;
    let resident = Usage::of(std::process::id())?.resident;
    println!("{} {} {resident}", time.as_secs_f64(), cpu.as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

/// Warms up with a tenth, then measures.
async fn timed(
    pattern: &str,
    client: &(impl busway_benches::Exchange + busway_benches::Telling),
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

/// A server in a process of its own; it ends when this is dropped.
struct Server {
    child: Child,
    side: &'static str,
    vhost: String,
}

impl Server {
    fn start(side: &'static str, broker: &RabbitMq) -> Result<Self, BoxError> {
        let vhost = broker.add_vhost()?;
        let port = broker.address().port().to_string();
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--role", "server", side, &port, &vhost])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        if line != "ready\n" {
            return Err(format!("the server of {side} did not start").into());
        }
        Ok(Self { child, side, vhost })
    }
}

impl Drop for Server {
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

fn run(
    broker: &RabbitMq,
    server: &Server,
    (pattern, at_a_time, whole): (&str, u64, u64),
) -> Result<Run, BoxError> {
    let port = broker.address().port().to_string();
    let before = Usage::of(server.child.id())?;
    let output = Command::new(std::env::current_exe()?)
        .args(["--role", pattern, server.side, &port, &server.vhost])
        .args([at_a_time.to_string(), whole.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    let after = Usage::of(server.child.id())?;
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let &[seconds, cpu, resident] = &numbers[..] else {
        return Err(format!("the client of {} failed", server.side).into());
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

fn compare(words: &[&str]) -> Result<ExitCode, BoxError> {
    if let Some(reason) = RabbitMq::missing() {
        println!("nothing to measure: {reason}");
        return Ok(ExitCode::FAILURE);
    }
    let (runs, chosen) = match words {
        ["--runs", runs, rest @ ..] => (runs.parse()?, rest.join(" ")),
        rest => (RUNS, rest.join(" ")),
    };
    let broker = RabbitMq::start()?;
    let servers = [Server::start(SIDES[0], &broker)?, Server::start(SIDES[1], &broker)?];
    println!(
        "a second: medians of {runs} runs of each side in turn; processor time in microseconds"
    );
    println!("a message, of the client and of the server; MiB that the client holds");
    println!(
        "{:<18} {:>8} {:>8} {:>6}   {:>13} {:>13} {:>11}",
        "pattern", "busway", "lapin", "ratio", "client", "server", "memory"
    );
    let mut within = true;
    for pattern in PATTERNS {
        let name = format!("{} {}", pattern.0, pattern.1);
        if !name.starts_with(&chosen) {
            continue;
        }
        let mut results = [const { Vec::new() }; 2];
        for _ in 0..runs {
            for (results, server) in results.iter_mut().zip(&servers) {
                results.push(run(&broker, server, pattern)?);
            }
        }
        let [ours, theirs] = results.map(|runs| median(&runs));
        let ratio = ours.rate / theirs.rate;
        println!(
            "{name:<18} {:>8.0} {:>8.0} {ratio:>6.2}   {:>6.1} {:>6.1} {:>6.1} {:>6.1} {:>5.1} {:>5.1}",
            ours.rate,
            theirs.rate,
            ours.client_micros,
            theirs.client_micros,
            ours.server_micros,
            theirs.server_micros,
            ours.resident,
            theirs.resident,
        );
        within &= ratio >= LEAST;
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

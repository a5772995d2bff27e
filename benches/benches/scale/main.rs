//! What a call costs among many topics, servers and callers, and what each of them holds:
//! `cargo bench -p busway-benches --bench scale [-- fake|pika|amqp1 …]`, with `--most N` for at most
//! so many of them, and `--only WHAT` for the lines that begin so (`client`, `idle`, …); these come
//! before the buses.
//!
//! Servers and clients share a process, with a connection for each 500 servers and one for all
//! callers; only *client connections* are each a caller's own, in other processes of a thousand each.
//! The broker has a process of its own; all are new for each line. Nothing fails here by being slow: it
//! depends on what a broker and a machine can do.

mod clients;
mod measured;

use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use busway::{RpcClient, RpcServer, Target, Transport, endpoint};
use busway_benches::place::{self, Place};
use busway_benches::swarm;
use busway_benches::{BoxError, resident};
use futures_util::{StreamExt, TryStreamExt, stream};
use measured::{Measured, NOTHING};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use {busway_driver_amqp1 as _, busway_driver_pika as _};

const STEPS: [usize; 3] = [10, 1_000, 10_000];
/// The servers on one connection.
const TOGETHER: usize = 500;
/// How many servers are started at a time, and how many calls are under way.
const AT_A_TIME: usize = 64;
/// The calls of a line, after a tenth of them to warm up; each topic is called at least once in
/// either.
const CALLS: usize = 20_000;
/// The connections whose memory is taken.
const CONNECTIONS: usize = 100;
const TIMEOUT: Duration = Duration::from_mins(5);
const TOPICS: &str = "topics";
const SERVERS: &str = "servers";
const CALLERS: &str = "callers";
const CLIENTS: &str = "client connections";
const IDLE: &str = "idle connections";
const UNDER_WAY: &str = "calls under way";
/// What a process says that could not measure.
const FAILED: &str = "failed: ";

fn main() -> Result<ExitCode, BoxError> {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    if place::play(&words)? || swarm::play(&words)? {
        return Ok(ExitCode::SUCCESS);
    }
    if let ["--role", what, count, url, broker] = words[..] {
        let measuring = measure(url, what, count.parse()?, broker.parse().ok());
        match Runtime::new()?.block_on(measuring) {
            Ok(measured) => println!("{}", measured.line()),
            Err(error) => println!("{FAILED}{error}"),
        }
        // What thousands of servers would still have to tell a broker is not waited for.
        std::process::exit(0);
    }
    let (mut most, mut only, mut names) = (usize::MAX, "", &words[..]);
    while let &[option, value, ref rest @ ..] = names {
        match option {
            "--most" => most = value.parse()?,
            "--only" => only = value,
            _ => break,
        }
        names = rest;
    }
    let names = if names.is_empty() { &place::NAMES[..] } else { names };
    println!("us: microseconds a call; KiB: resident in their processes, each; broker: KiB there");
    println!(
        "{:<7} {:<22} {:>9} {:>9} {:>9} {:>9}",
        "bus", "of them", "number", "us", "KiB", "broker"
    );
    let mut all = true;
    for name in names {
        for (what, count) in lines(most).filter(|(what, _)| what.starts_with(only)) {
            all &= alone(name, what, count)?;
        }
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is measured on a bus, with at most so many of them.
fn lines(most: usize) -> impl Iterator<Item = (&'static str, usize)> {
    let steps = move || STEPS.into_iter().filter(move |count| *count <= most);
    let calls = [TOPICS, SERVERS, CALLERS, CLIENTS].into_iter();
    calls
        .flat_map(move |what| steps().map(move |count| (what, count)))
        .chain([(IDLE, CONNECTIONS), (UNDER_WAY, STEPS[1].min(most))])
}

/// Measures on a broker and in a process that nobody used before, and prints what that tells;
/// whether it could.
fn alone(name: &str, what: &str, count: usize) -> Result<bool, BoxError> {
    let place = Place::start(name)?;
    let broker = place.broker()?.map_or(NOTHING.to_owned(), |pid| pid.to_string());
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--role", what, &count.to_string(), &place.url("scale")?, &broker]);
    let output = command.stderr(Stdio::inherit()).output()?;
    let line = String::from_utf8(output.stdout)?;
    let measured = Measured::read(&line);
    match &measured {
        Some(measured) => measured.print(name, what, count),
        None => println!("{name:<7} {what:<22} {count:>9} {}", line.trim_end()),
    }
    Ok(measured.is_some())
}

/// Measures, with a broker of that process id.
async fn measure(
    url: &str,
    what: &str,
    count: usize,
    broker: Option<u32>,
) -> Result<Measured, BoxError> {
    match what {
        CLIENTS => clients::calls(url, count, broker).await,
        IDLE => connections(url, count).await,
        UNDER_WAY => under_way(url, count).await,
        _ => calls(url, what, count).await,
    }
}

/// How much more this process holds than before, in bytes, for each of so many.
fn grown(before: u64, count: usize) -> Result<Option<f64>, BoxError> {
    Ok(Some(each(resident::bytes()?.saturating_sub(before), count)))
}

#[allow(clippy::cast_precision_loss, reason = "a float holds such a count exactly")]
fn each(bytes: u64, count: usize) -> f64 {
    bytes as f64 / count as f64
}

fn micros_each(time: Duration, count: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a float holds such a count exactly")]
    let count = count as f64;
    time.as_secs_f64() * 1e6 / count
}

/// Calls among so many topics with a server each, servers of one topic, or callers.
async fn calls(url: &str, what: &str, count: usize) -> Result<Measured, BoxError> {
    let (topics, servers, callers) = match what {
        TOPICS => (count, count, AT_A_TIME),
        SERVERS => (1, count, AT_A_TIME),
        CALLERS => (1, 1, count),
        _ => return Err(format!("nothing is called '{what}'").into()),
    };
    let client = RpcClient::new(&Transport::open(url).await?, Target::default());
    let before = resident::bytes()?;
    let _servers = start(url, topics, servers).await?;
    let bytes = if what == CALLERS { None } else { grown(before, count)? };
    let whole = CALLS.max(topics);
    call(&client, topics, callers, topics.max(whole / 10)).await?;
    let start = Instant::now();
    call(&client, topics, callers, whole).await?;
    let micros = micros_each(start.elapsed(), whole);
    Ok(Measured { micros: Some(micros), bytes, ..Measured::default() })
}

/// Starts servers, the topics in turn.
async fn start(url: &str, topics: usize, servers: usize) -> Result<Vec<RpcServer>, BoxError> {
    let mut transports = Vec::new();
    for _ in 0..servers.div_ceil(TOGETHER) {
        transports.push(Transport::open(url).await?);
    }
    let starting = (0..servers).map(|number| {
        let target = Target::new(topic(number % topics)).with_server(format!("s{number}"));
        RpcServer::builder(&transports[number / TOGETHER], target).endpoint(Echo).start()
    });
    Ok(stream::iter(starting).buffer_unordered(AT_A_TIME).try_collect().await?)
}

/// That of number 0 is [`swarm::TOPIC`].
fn topic(number: usize) -> String {
    format!("topic-{number}")
}

/// So many calls by so many callers, to one topic after the other.
async fn call(
    client: &RpcClient,
    topics: usize,
    callers: usize,
    whole: usize,
) -> Result<(), BoxError> {
    let calls = (0..whole).map(|number| {
        let call = client.prepare().topic(topic(number % topics)).timeout(TIMEOUT);
        async move {
            let reply: usize = call.call("echo", Args { number }).await?;
            if reply == number { Ok(()) } else { Err(BoxError::from("another's reply")) }
        }
    });
    stream::iter(calls).buffer_unordered(callers).try_collect().await
}

#[derive(serde::Serialize)]
struct Args {
    number: usize,
}

struct Echo;

#[endpoint]
impl Echo {
    async fn echo(&self, number: usize) -> usize {
        number
    }
}

/// What a connection holds on which nothing happens.
async fn connections(url: &str, count: usize) -> Result<Measured, BoxError> {
    let _first = Transport::open(url).await?;
    let before = resident::bytes()?;
    let mut transports = Vec::new();
    for _ in 0..count {
        transports.push(Transport::open(url).await?);
    }
    Ok(Measured { bytes: grown(before, count)?, ..Measured::default() })
}

/// What a call holds that waits for its handler, at both ends.
async fn under_way(url: &str, count: usize) -> Result<Measured, BoxError> {
    let serving = Transport::open(url).await?;
    let (arrived, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let endpoint = Waiting { arrived: arrived.clone(), gate: gate.clone() };
    let target = Target::new(topic(0)).with_server("s0");
    let server = RpcServer::builder(&serving, target).endpoint(endpoint).concurrency(count);
    let _server = server.start().await?;
    let client = RpcClient::new(&Transport::open(url).await?, Target::new(topic(0)));
    let before = resident::bytes()?;
    let calls = (0..count).map(|number| {
        let call = client.prepare().timeout(TIMEOUT);
        tokio::spawn(async move { call.call::<_, usize>("wait", Args { number }).await })
    });
    let calls: Vec<_> = calls.collect();
    timeout(TIMEOUT, arrived.acquire_many(u32::try_from(count)?)).await??.forget();
    let bytes = grown(before, count)?;
    gate.add_permits(count);
    for call in calls {
        call.await??;
    }
    Ok(Measured { bytes, ..Measured::default() })
}

/// Tells that a call has come, and waits until it may go.
struct Waiting {
    arrived: Arc<Semaphore>,
    gate: Arc<Semaphore>,
}

#[endpoint]
impl Waiting {
    async fn wait(&self, number: usize) -> usize {
        self.arrived.add_permits(1);
        if let Ok(permit) = self.gate.acquire().await {
            permit.forget();
        }
        number
    }
}

//! Busway on the in-memory bus beside bare tokio channels: `cargo bench -p busway-benches --bench
//! fake`, with `-- PATTERN` for one pattern (`calls 64`, `casts`, …), `--runs N` for other medians,
//! and `--json FILE` for a file of them; these two come before the pattern.
//!
//! Server and client share a process, a new one for each run, the sides in turn. Bare channels
//! have JSON both ways, a bounded queue and a deadline, and nothing else of a bus: no envelope, no
//! context, no retries, no others. Fails when Busway does less than half of their calls at 64 at
//! a time.

use std::process::ExitCode;

use busway_benches::BoxError;
use busway_benches::bus::{Bus, Fan};
use busway_benches::channels::{Channels, Fan as ChannelsFan, Serving};
use busway_benches::drive::Load;
use busway_benches::sides::{self, FAN_OUTS, Ground, Pattern, READY, Side};
use tokio::runtime::Runtime;

const PATTERNS: [Pattern; 14] = [
    Pattern::new("calls", 1, 100_000),
    Pattern::new("calls", 5, 200_000),
    Pattern::new("calls", 64, 400_000),
    Pattern::new("calls", 256, 400_000),
    Pattern::new("calls", 1024, 400_000),
    Pattern::new("calls", 5, 200_000).of_bytes(100),
    Pattern::new("calls", 5, 100_000).of_bytes(1 << 10),
    Pattern::new("calls", 5, 10_000).of_bytes(64 << 10),
    Pattern::new("calls", 5, 500).of_bytes(1 << 20),
    Pattern::new("casts", 256, 400_000),
    Pattern::new(FAN_OUTS, 1, 200_000),
    Pattern::new(FAN_OUTS, 10, 40_000),
    Pattern::new(FAN_OUTS, 100, 4_000),
    Pattern::new("notifications", 100, 400_000),
];
const BUSWAY: &str = "busway";
const CHANNELS: &str = "channels";

fn main() -> Result<ExitCode, BoxError> {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words[..] {
        // The bus is within the clients.
        ["--role", "server", _] => sides::serve_until_told(READY).map(|()| ExitCode::SUCCESS),
        ["--role", kind, side, ref load @ ..] => client(kind, side, sides::load(load)?),
        _ => compare(&words),
    }
}

fn client(kind: &str, side: &str, load: Load) -> Result<ExitCode, BoxError> {
    let servers = load.at_a_time;
    let taken = Runtime::new()?.block_on(async {
        match (side, kind) {
            (BUSWAY, FAN_OUTS) => {
                sides::take_fan_outs(Fan::start("fake://bench/", servers).await?, load).await
            }
            (BUSWAY, _) => {
                let bus = Bus::start("fake://bench/").await?;
                sides::take(kind, bus.client()?, load).await
            }
            (_, FAN_OUTS) => sides::take_fan_outs(ChannelsFan::start(servers), load).await,
            _ => sides::take(kind, Channels::start(Serving::Spawned), load).await,
        }
    })?;
    println!("{}", taken.line());
    Ok(ExitCode::SUCCESS)
}

fn compare(words: &[&str]) -> Result<ExitCode, BoxError> {
    let program = std::env::current_exe()?;
    let side = |name: &'static str| Side {
        name,
        program: program.clone(),
        first: vec!["--role".to_owned()],
        words: vec![name.to_owned()],
        least: |_| None,
        one_of: |_| Some(1),
    };
    let least = |pattern| (pattern == Pattern::new("calls", 64, 400_000)).then_some(0.5);
    let sides = [side(BUSWAY), Side { least, ..side(CHANNELS) }];
    sides::compare(&sides, &Ground::Memory, &PATTERNS, words)
}

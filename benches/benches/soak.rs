//! Calls at full rate for a long time leave memory, threads and files flat:
//! `cargo bench -p busway-benches --bench soak -- pika|amqp1|fake [MINUTES]`, 20 minutes unless
//! told otherwise.
//!
//! Client and server share the process that is looked at once a minute. Fails when it holds a tenth
//! and 4 MiB more than after the second minute, or more threads or open files.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use busway_benches::bus::Bus;
use busway_benches::drive::{self, Load};
use busway_benches::place::{self, Place};
use busway_benches::{BoxError, resident};
use tokio::runtime::Runtime;
use {busway_driver_amqp1 as _, busway_driver_pika as _};

const MINUTES: u64 = 20;
const IN_FLIGHT: u64 = 64;
/// The calls between two looks at the clock.
const CALLS: u64 = 2_000;
/// The minutes after which nothing is to grow any more.
const WARM: u64 = 2;

fn main() -> Result<ExitCode, BoxError> {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    if place::play(&words)? {
        return Ok(ExitCode::SUCCESS);
    }
    let (name, minutes) = match words[..] {
        [] => {
            println!("nothing to soak: -- {} [MINUTES]", place::NAMES.join("|"));
            return Ok(ExitCode::SUCCESS);
        }
        [name] => (name, MINUTES),
        [name, minutes] => (name, minutes.parse()?),
        _ => return Err("not understood: BUS [MINUTES]".into()),
    };
    let place = Place::start(name)?;
    let url = place.url("soak")?;
    Runtime::new()?.block_on(soak(&url, minutes))
}

async fn soak(url: &str, minutes: u64) -> Result<ExitCode, BoxError> {
    let bus = Bus::start(url).await?;
    let client = bus.client()?;
    println!("minute   calls a second   resident KiB   threads   open files");
    let start = Instant::now();
    let mut first = None;
    let mut flat = true;
    for minute in 1..=minutes {
        let (since, mut calls) = (Instant::now(), 0_u32);
        let until = start + Duration::from_mins(minute);
        while Instant::now() < until {
            drive::calls(&client, Load::new(IN_FLIGHT, CALLS)).await?;
            calls += 1;
        }
        #[allow(clippy::cast_precision_loss, reason = "a float holds such a count exactly")]
        let rate = f64::from(calls) * CALLS as f64 / since.elapsed().as_secs_f64();
        let now = Held::now()?;
        println!(
            "{minute:>6} {rate:>16.0} {:>14} {:>9} {:>12}",
            now.bytes / 1024,
            now.threads,
            now.files
        );
        if minute >= WARM.min(minutes) {
            flat &= now.is_flat(first.get_or_insert(now));
        }
    }
    bus.stop().await?;
    if flat {
        return Ok(ExitCode::SUCCESS);
    }
    println!("FAILED: it grew after minute {WARM}");
    Ok(ExitCode::FAILURE)
}

/// What this process holds.
#[derive(Clone, Copy)]
struct Held {
    bytes: u64,
    threads: usize,
    files: usize,
}

impl Held {
    fn now() -> std::io::Result<Self> {
        let count = |folder: &str| Ok::<_, std::io::Error>(std::fs::read_dir(folder)?.count());
        Ok(Self {
            bytes: resident::bytes()?,
            threads: count("/proc/self/task")?,
            files: count("/proc/self/fd")?,
        })
    }

    fn is_flat(self, first: &Self) -> bool {
        resident::is_flat(first.bytes, self.bytes)
            && self.threads <= first.threads
            && self.files <= first.files
    }
}

//! Ten million casts over the in-memory bus leave memory flat:
//! `cargo bench -p busway-benches --bench memory`.
//!
//! Fails when it is not. Four senders cast as fast as they can: the bounded queue slows them.

use std::process::ExitCode;
use std::time::Instant;

use busway_benches::bus::Bus;
use busway_benches::drive::{self, Load};
use busway_benches::{BoxError, resident};
use tokio::runtime::Runtime;

const MILLION: u64 = 1_000_000;
const MILLIONS: u64 = 10;
const SENDERS: u64 = 4;

fn main() -> Result<ExitCode, BoxError> {
    Runtime::new()?.block_on(cast_and_watch())
}

async fn cast_and_watch() -> Result<ExitCode, BoxError> {
    let bus = Bus::start("fake://memory/").await?;
    println!("million casts   resident KiB   seconds");
    let client = bus.client()?;
    let mut first = None;
    let mut flat = true;
    for million in 1..=MILLIONS {
        let start = Instant::now();
        drive::casts(&client, Load::new(SENDERS, MILLION)).await?;
        bus.noted(million * MILLION).await;
        let now = resident::bytes()?;
        println!("{million:>13} {:>14} {:>9.2}", now / 1024, start.elapsed().as_secs_f64());
        flat &= resident::is_flat(*first.get_or_insert(now), now);
    }
    bus.stop().await?;
    if flat {
        return Ok(ExitCode::SUCCESS);
    }
    println!("FAILED: it grew by more than a tenth and 4 MiB after the first million");
    Ok(ExitCode::FAILURE)
}

//! One side alone, for a profiler: `cargo bench -p busway-benches --bench profile -- SIDE COUNT`.
//!
//! SIDE is `calls` (64 in flight over the in-memory bus), `casts` (from four senders), or the
//! references `spawned` and `inline`. With `one-thread` after the count nothing runs in parallel,
//! so that instructions can be counted.

use std::time::{Duration, Instant};

use busway_benches::BoxError;
use busway_benches::bus::Bus;
use busway_benches::channels::{Channels, Serving};
use busway_benches::drive::{self, Load};
use tokio::runtime::{Builder, Runtime};

const IN_FLIGHT: u64 = 64;
const SENDERS: u64 = 4;

fn main() -> Result<(), BoxError> {
    // `cargo bench` adds an option of its own.
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let (side, count, runtime) = match words[..] {
        [] => {
            println!("nothing to profile: -- calls|casts|spawned|inline COUNT [one-thread]");
            return Ok(());
        }
        [side, count] => (side, count.parse()?, Runtime::new()?),
        [side, count, "one-thread"] => {
            (side, count.parse()?, Builder::new_current_thread().enable_time().build()?)
        }
        _ => return Err("not understood: SIDE COUNT [one-thread]".into()),
    };
    let time = runtime.block_on(run(side, count))?;
    println!("{count} {side} in {time:?}");
    Ok(())
}

async fn run(side: &str, count: u64) -> Result<Duration, BoxError> {
    match side {
        "calls" => {
            let bus = Bus::start("fake://profile/").await?;
            drive::calls(&bus.client()?, Load::new(IN_FLIGHT, count)).await
        }
        "casts" => {
            let bus = Bus::start("fake://profile/").await?;
            let start = Instant::now();
            drive::casts(&bus.client()?, Load::new(SENDERS, count)).await?;
            bus.noted(count).await;
            Ok(start.elapsed())
        }
        "spawned" => {
            drive::calls(&Channels::start(Serving::Spawned), Load::new(IN_FLIGHT, count)).await
        }
        "inline" => {
            drive::calls(&Channels::start(Serving::Inline), Load::new(IN_FLIGHT, count)).await
        }
        _ => Err(format!("there is no side '{side}'").into()),
    }
}

//! How many times as long a call over the in-memory bus takes as the same exchange over bare
//! channels: `cargo bench -p busway-benches --bench ratio`.
//!
//! Fails when, with 64 calls in flight, it is more than twice as long as over channels whose server
//! runs each request in a task of its own, as Busway's does. The ratio to a server that answers in
//! the task that receives, which no slow handler could live with, is shown beside it.

use std::process::ExitCode;

use busway_benches::bus::Bus;
use busway_benches::channels::{Channels, Serving};
use busway_benches::drive::{self, IN_FLIGHT, Load};
use busway_benches::{BoxError, Exchange};
use tokio::runtime::Runtime;

/// How often each side runs; the medians are compared.
const RUNS: usize = 7;
/// The calls of one run.
const CALLS: u64 = 100_000;
/// The calls in flight that the limit is for.
const LIMIT_AT: u64 = 64;
const LIMIT: f64 = 2.0;

fn main() -> Result<ExitCode, BoxError> {
    Runtime::new()?.block_on(compare())
}

async fn compare() -> Result<ExitCode, BoxError> {
    let bus = Bus::start("fake://ratio/").await?;
    let sides = Sides {
        busway: bus.client()?,
        spawned: Channels::start(Serving::Spawned),
        inline: Channels::start(Serving::Inline),
    };
    println!("microseconds a call: medians of {RUNS} runs of {CALLS} calls, each side in turn");
    println!("in flight      busway   channels, spawned     ratio    channels, inline     ratio");
    let mut within = true;
    for in_flight in IN_FLIGHT {
        let [busway, spawned, inline] = sides.medians(in_flight).await?;
        let (to_spawned, to_inline) = (busway / spawned, busway / inline);
        println!(
            "{in_flight:>9} {busway:>11.3} {spawned:>19.3} {to_spawned:>9.2} {inline:>19.3} \
             {to_inline:>9.2}"
        );
        within &= in_flight != LIMIT_AT || to_spawned <= LIMIT;
    }
    bus.stop().await?;
    if within {
        return Ok(ExitCode::SUCCESS);
    }
    println!("FAILED: more than {LIMIT} times as long with {LIMIT_AT} in flight");
    Ok(ExitCode::FAILURE)
}

/// What is compared.
struct Sides<Ours, Theirs> {
    busway: Ours,
    spawned: Theirs,
    inline: Theirs,
}

impl<Ours: Exchange, Theirs: Exchange> Sides<Ours, Theirs> {
    /// Microseconds a call of each side, in the order of the fields.
    async fn medians(&self, in_flight: u64) -> Result<[f64; 3], BoxError> {
        let mut times = [const { Vec::new() }; 3];
        for round in 0..=RUNS {
            let round_times = [
                micros(&self.busway, in_flight).await?,
                micros(&self.spawned, in_flight).await?,
                micros(&self.inline, in_flight).await?,
            ];
            // The first round warms everything up and does not count.
            if round > 0 {
                times.iter_mut().zip(round_times).for_each(|(times, time)| times.push(time));
            }
        }
        Ok(times.map(median))
    }
}

/// One run: microseconds a call.
async fn micros(exchange: &impl Exchange, in_flight: u64) -> Result<f64, BoxError> {
    let time = drive::calls(exchange, Load::new(in_flight, CALLS)).await?;
    #[allow(clippy::cast_precision_loss, reason = "a float holds such a count exactly")]
    Ok(time.as_secs_f64() * 1e6 / CALLS as f64)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

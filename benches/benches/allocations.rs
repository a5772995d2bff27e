//! How often a message asks for memory, beside the same exchange by hand:
//! `cargo bench -p busway-benches --bench allocations [-- fake|pika|amqp1 …]`.
//!
//! Client and server share a process, and what both ask for is counted; the broker has one of its
//! own. Fails when Busway asks more than 1.5 times as often as the client library by hand does.
//! Bare channels are no such limit: they have no envelope to read, no context, no retries.

use std::alloc::System;
use std::process::ExitCode;

use busway_benches::bus::{self, Bus};
use busway_benches::by_hand::{fe2o3, lapin};
use busway_benches::channels::{Channels, Serving};
use busway_benches::drive::{self, Load};
use busway_benches::place::{self, Place};
use busway_benches::sides::Pattern;
use busway_benches::{BoxError, Exchange, Telling};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::runtime::Runtime;
use {busway_driver_amqp1 as _, busway_driver_pika as _};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const PATTERNS: [Pattern; 6] = [
    Pattern::new("calls", 1, 2_000),
    Pattern::new("calls", 5, 10_000),
    Pattern::new("calls", 64, 20_000),
    Pattern::new("casts", 256, 20_000),
    Pattern::new("notifications", 1, 2_000),
    Pattern::new("notifications", 100, 20_000),
];
/// How many times as often as by hand is too often.
const MOST: f64 = 1.5;

fn main() -> Result<ExitCode, BoxError> {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    if place::play(&words)? {
        return Ok(ExitCode::SUCCESS);
    }
    let names = if words.is_empty() { &place::NAMES[..] } else { &words[..] };
    println!("allocations a message, of client and server together");
    println!("{:<7} {:<18} {:>8} {:>8} {:>6}", "bus", "pattern", "busway", "by hand", "ratio");
    let mut within = true;
    for name in names {
        let place = Place::start(name)?;
        within &= Runtime::new()?.block_on(compare(name, &place))?;
    }
    if within {
        return Ok(ExitCode::SUCCESS);
    }
    println!("FAILED: more than {MOST} times as many as by hand");
    Ok(ExitCode::FAILURE)
}

async fn compare(name: &str, place: &Place) -> Result<bool, BoxError> {
    let url = place.url("busway")?;
    let bus = Bus::start(&url).await?;
    let client = bus::Client::connect(&url).await?;
    let ours = all(&client).await?;
    bus.stop().await?;
    let by_hand = match place {
        Place::Memory => all(&Channels::start(Serving::Spawned)).await?,
        Place::RabbitMq(broker) => {
            let (port, vhost) = (broker.address().port(), broker.add_vhost()?);
            lapin::serve(port, &vhost).await?;
            all(&lapin::Client::connect(port, &vhost).await?).await?
        }
        Place::Desk(desk) => {
            let port = desk.port().parse()?;
            fe2o3::serve(port).await?;
            all(&fe2o3::Client::connect(port).await?).await?
        }
    };
    let mut within = true;
    for ((pattern, ours), by_hand) in PATTERNS.iter().zip(ours).zip(by_hand) {
        let (pattern, ratio) = (pattern.to_string(), ours / by_hand);
        println!("{name:<7} {pattern:<18} {ours:>8.1} {by_hand:>8.1} {ratio:>6.2}");
        within &= ratio <= MOST || matches!(place, Place::Memory);
    }
    Ok(within)
}

/// What each pattern asks for, a message.
async fn all(client: &(impl Exchange + Telling)) -> Result<Vec<f64>, BoxError> {
    let mut counts = Vec::new();
    for Pattern { kind, load } in PATTERNS {
        let run = async |load| match kind {
            "calls" => drive::calls(client, load).await,
            "casts" => drive::casts(client, load).await,
            _ => drive::notifications(client, load).await,
        };
        run(Load { whole: load.whole / 10, ..load }).await?;
        let region = Region::new(ALLOCATOR);
        run(load).await?;
        // What comes after the others is answered after them: the server is done with them, too.
        drive::calls(client, Load::new(1, 1)).await?;
        let stats = region.change();
        #[allow(clippy::cast_precision_loss, reason = "a float holds such a count exactly")]
        counts.push((stats.allocations + stats.reallocations) as f64 / load.whole as f64);
    }
    Ok(counts)
}

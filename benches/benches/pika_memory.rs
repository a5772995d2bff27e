//! A million calls over RabbitMQ, then a thousand lost connections, leave memory flat:
//! `cargo bench -p busway-benches --bench pika_memory`.
//!
//! `-- losses` leaves the calls out. Fails when memory is not flat. Server and clients share the process that is looked at.

use std::process::ExitCode;
use std::time::Instant;

use busway_benches::bus::Bus;
use busway_benches::drive::{self, Load};
use busway_benches::{BoxError, resident};
use busway_testkit::brokers::RabbitMq;
use busway_testkit::proxy::Proxy;
use tokio::runtime::Runtime;

const STEPS: u64 = 10;
/// The calls of a step.
const CALLS: u64 = 100_000;
const IN_FLIGHT: u64 = 64;
/// The connections that are lost in a step.
const LOSSES: u64 = 100;

fn main() -> Result<ExitCode, BoxError> {
    if let Some(reason) = RabbitMq::missing() {
        println!("nothing to measure: {reason}");
        return Ok(ExitCode::FAILURE);
    }
    let broker = RabbitMq::start()?;
    Runtime::new()?.block_on(watch(&broker))
}

async fn watch(broker: &RabbitMq) -> Result<ExitCode, BoxError> {
    let proxy = Proxy::to(broker.address()).await?;
    let patience = "socket_timeout=5&login_timeout=30&heartbeat_interval=10";
    let bus = Bus::start(&format!("pika://guest:guest@{}/?{patience}", proxy.address())).await?;
    let client = bus.client()?;

    println!("after          resident KiB   seconds");
    let mut calls = Watched::default();
    let all = !std::env::args().any(|word| word == "losses");
    for step in 1..=if all { STEPS } else { 0 } {
        drive::calls(&client, Load::new(IN_FLIGHT, CALLS)).await?;
        calls.look(&format!("{} calls", step * CALLS))?;
    }
    let mut losses = Watched::default();
    for step in 1..=STEPS {
        for _ in 0..LOSSES {
            proxy.cut().await;
            proxy.heal();
            // With retries: it comes through when everything is set up again.
            drive::calls(&client, Load::new(1, 1)).await?;
        }
        losses.look(&format!("{} losses", step * LOSSES))?;
    }
    bus.stop().await?;
    if calls.flat && losses.flat {
        return Ok(ExitCode::SUCCESS);
    }
    println!("FAILED: it grew by more than a tenth and 4 MiB after the first step");
    Ok(ExitCode::FAILURE)
}

/// The memory from the end of the first step on.
struct Watched {
    since: Instant,
    first: Option<u64>,
    flat: bool,
}

impl Default for Watched {
    fn default() -> Self {
        Self { since: Instant::now(), first: None, flat: true }
    }
}

impl Watched {
    fn look(&mut self, after: &str) -> std::io::Result<()> {
        let now = resident::bytes()?;
        println!("{after:<14} {:>12} {:>9.2}", now / 1024, self.since.elapsed().as_secs_f64());
        self.flat &= resident::is_flat(*self.first.get_or_insert(now), now);
        self.since = Instant::now();
        Ok(())
    }
}

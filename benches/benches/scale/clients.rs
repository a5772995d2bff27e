//! Many clients, each on a connection of its own.

use std::path::Path;
use std::time::{Duration, Instant};

use busway_benches::BoxError;
use busway_benches::process::Usage;
use busway_benches::swarm::{Clients, Swarm};
use tokio::task::block_in_place;

use crate::measured::Measured;

/// Calls to one server by so many clients, each on a connection of its own, all at once.
pub(crate) async fn calls(
    url: &str,
    count: usize,
    broker: Option<u32>,
) -> Result<Measured, BoxError> {
    let resident = || broker.map(Usage::of).transpose();
    let _servers = crate::start(url, 1, 1).await?;
    let before = resident()?;
    let times = crate::CALLS.div_ceil(count);
    let (time, bytes) = if broker.is_some() {
        let program = std::env::current_exe()?;
        // The server needs this thread's runtime meanwhile.
        block_in_place(|| swarm(&program, url, count, times))?
    } else {
        let (clients, bytes) = Clients::open(url, count).await?;
        let start = Instant::now();
        clients.call(times).await?;
        (start.elapsed(), crate::each(bytes, count))
    };
    let broker = resident()?.zip(before);
    let broker_bytes = broker
        .map(|(after, before)| crate::each(after.resident.saturating_sub(before.resident), count));
    let micros = crate::micros_each(time, count * times);
    Ok(Measured { micros: Some(micros), bytes: Some(bytes), broker_bytes })
}

/// How long it takes other processes' clients to call, and the bytes that each of them holds.
fn swarm(
    program: &Path,
    url: &str,
    count: usize,
    times: usize,
) -> Result<(Duration, f64), BoxError> {
    let mut swarm = Swarm::start(program, url, count)?;
    Ok((swarm.call(times)?, swarm.bytes()))
}

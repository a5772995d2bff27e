//! Python's oslo.messaging as a side.

use std::path::{Path, PathBuf};

use super::{FAN_OUTS, Pattern, Side};

/// How many times Python's rate ours is to be.
const TIMES: f64 = 10.0;
/// The most senders at a time that it takes part with: each is a thread of its own.
const THREADS: u64 = 256;
/// It sends one of so many messages.
const ONE_OF: u64 = 10;
/// The most calls at a time that the driver on kombu takes part with, and the simulator.
const CALLS: u64 = 64;

/// Python's driver in the environment of that name that `cargo xtask peers` makes.
///
/// # Errors
/// That it is not there.
pub fn side(environment: &str, url: &str) -> Result<Side, String> {
    let program = brought(&format!("target/peers/{environment}"))?.join("bin/python");
    let first = vec![script("side.py")];
    Ok(Side { name: "python", program, first, words: vec![url.to_owned()], least, one_of })
}

/// What `cargo xtask peers` brings to that place of the repository.
fn brought(place: &str) -> Result<PathBuf, String> {
    let there = root().join(place);
    if there.exists() {
        return Ok(there);
    }
    Err(format!("there is no {place} (`cargo xtask peers`)"))
}

/// A program of `benches/python`.
fn script(name: &str) -> String {
    root().join("benches/python").join(name).display().to_string()
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// It is a limit for what a service does most.
fn least(Pattern { kind, load }: Pattern) -> Option<f64> {
    let is_limit = match kind {
        "calls" => load.at_a_time == 5 && load.bytes == 0,
        kind => kind == "casts",
    };
    is_limit.then_some(TIMES)
}

fn one_of(Pattern { load, .. }: Pattern) -> Option<u64> {
    (load.at_a_time <= THREADS).then_some(ONE_OF)
}

/// Python's driver on kombu, which a service has that has left pika behind; it is no limit.
///
/// All is as the driver has it by default. Its environment is one of its own with the newest
/// oslo.messaging: in that of the driver for AMQP 1.0, 14.9, and to 17.0 at least, whoever calls looks
/// for the reply every half second, which nobody would have any more.
///
/// # Errors
/// That it is not there.
pub fn rabbit(url: &str) -> Result<Side, String> {
    Ok(Side { name: "rabbit", least: |_| None, one_of: one_of_rabbit, ..side("rabbit", url)? })
}

/// Calls and what is cast, small.
fn one_of_rabbit(pattern: Pattern) -> Option<u64> {
    let Pattern { kind, load } = pattern;
    let takes_part = match kind {
        "calls" => load.at_a_time <= CALLS && load.bytes == 0,
        kind => kind == "casts" || kind == FAN_OUTS,
    };
    one_of(pattern).filter(|_| takes_part)
}

/// oslo.messaging's own simulator on Python's driver in that environment; it is no limit.
///
/// # Errors
/// That it is not there.
pub fn simulator(environment: &str, url: &str) -> Result<Side, String> {
    let side = side(environment, url)?;
    brought(&format!("target/peers/{environment}/simulator/simulator.py"))?;
    let first = vec![script("simulator.py")];
    Ok(Side { name: "simulator", first, least: |_| None, one_of: one_of_simulator, ..side })
}

/// Small calls, what is cast, and notifications: those who send to all servers are not told there
/// when each has heard it.
fn one_of_simulator(pattern: Pattern) -> Option<u64> {
    let Pattern { kind, load } = pattern;
    let takes_part = match kind {
        "calls" => load.at_a_time <= CALLS && load.bytes == 0,
        kind => kind != FAN_OUTS,
    };
    one_of(pattern).filter(|_| takes_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulator_takes_part_where_it_has_a_role() {
        let patterns = [
            Pattern::new("calls", 64, 1),
            Pattern::new("casts", 256, 1),
            Pattern::new("notifications", 100, 1),
            Pattern::new("calls", 256, 1),
            Pattern::new("calls", 5, 1).of_bytes(100),
            Pattern::new(FAN_OUTS, 1, 1),
            Pattern::new("notifications", 1000, 1),
        ];
        let takes_part = patterns.map(|pattern| one_of_simulator(pattern).is_some());
        assert_eq!(takes_part, [true, true, true, false, false, false, false]);
    }

    #[test]
    fn what_is_not_there_is_named_with_what_brings_it() {
        let why = simulator("no-such-peer", "amqp://127.0.0.1/").expect_err("it is not there");
        assert!(why.contains("target/peers/no-such-peer"), "{why}");
        assert!(why.contains("cargo xtask peers"), "{why}");
    }
}

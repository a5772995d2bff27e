//! Python's oslo.messaging as a side.

use std::path::Path;

use super::{FAN_OUTS, Pattern, Side};

/// How many times Python's rate ours is to be.
const TIMES: f64 = 10.0;
/// The most senders at a time that it takes part with: each is a thread of its own.
const THREADS: u64 = 256;
/// It sends one of so many messages.
const ONE_OF: u64 = 10;
/// The most calls at a time that the driver on kombu takes part with.
const CALLS: u64 = 64;

/// Python's driver in the environment of that name that `cargo xtask peers` makes.
///
/// # Errors
/// That it is not there.
pub fn side(environment: &str, url: &str) -> Result<Side, String> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let program = root.join("target/peers").join(environment).join("bin/python");
    if !program.exists() {
        return Err(format!("there is no target/peers/{environment} (`cargo xtask peers`)"));
    }
    let first = vec![root.join("benches/python/side.py").display().to_string()];
    Ok(Side { name: "python", program, first, words: vec![url.to_owned()], least, one_of })
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

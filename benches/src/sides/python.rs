//! Python's oslo.messaging as a side.

use std::path::Path;

use super::{FAN_OUTS, Pattern, Side};

/// How many times Python's rate ours is to be.
const TIMES: f64 = 10.0;
/// The most senders at a time that it takes part with: each is a thread of its own.
const THREADS: u64 = 256;
/// It sends one of so many messages.
const ONE_OF: u64 = 10;

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

fn one_of(Pattern { kind, load }: Pattern) -> Option<u64> {
    (kind != FAN_OUTS && load.at_a_time <= THREADS).then_some(ONE_OF)
}

//! Many clients, each on a connection of its own: in processes of a thousand each, as a connection
//! has a thread.

mod clients;
mod process;

use std::io::BufRead;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

pub use clients::{Clients, TOPIC};
use process::Process;

use crate::BoxError;

/// The role of a process that holds clients.
const ROLE: [&str; 2] = ["--role", "swarm"];
/// The clients of one process.
const TOGETHER: usize = 1_000;

/// Clients in processes of their own; they end when this is dropped.
#[derive(Debug)]
pub struct Swarm {
    processes: Vec<Process>,
    bytes: f64,
}

impl Swarm {
    /// Starts so many of them by a program that [`play`]s, and waits until each has called once.
    ///
    /// # Errors
    /// What keeps one of them from calling.
    pub fn start(program: &Path, url: &str, clients: usize) -> Result<Self, BoxError> {
        let started = shares(clients).map(|share| Process::start(program, url, share));
        let mut processes = started.collect::<Result<Vec<_>, _>>()?;
        let mut bytes = 0.0;
        for process in &mut processes {
            bytes += process.answer()?.parse::<f64>()?;
        }
        #[allow(clippy::cast_precision_loss, reason = "a float holds such a count exactly")]
        let clients = clients as f64;
        Ok(Self { processes, bytes: bytes / clients })
    }

    /// The memory that each of them holds on average, in bytes.
    #[must_use]
    pub fn bytes(&self) -> f64 {
        self.bytes
    }

    /// Has all of them call at once, each so often, one call after another; how long that takes.
    ///
    /// # Errors
    /// The first error of a call.
    pub fn call(&mut self, times: usize) -> Result<Duration, BoxError> {
        let start = Instant::now();
        for process in &mut self.processes {
            process.tell(&times.to_string())?;
        }
        for process in &mut self.processes {
            process.answer()?;
        }
        Ok(start.elapsed())
    }
}

/// How many clients each process has.
fn shares(clients: usize) -> impl Iterator<Item = usize> {
    (0..clients).step_by(TOGETHER).map(move |from| TOGETHER.min(clients - from))
}

/// Holds clients where these words ask for that; whether they did.
///
/// # Errors
/// When the standard streams are gone.
pub fn play(words: &[&str]) -> Result<bool, BoxError> {
    let &[first, second, url, clients] = words else { return Ok(false) };
    if [first, second] != ROLE {
        return Ok(false);
    }
    if let Err(error) = hold(url, clients.parse()?) {
        process::say(&format!("{}{error}", process::FAILED))?;
    }
    // What thousands of connections would still have to tell a broker is not waited for.
    std::process::exit(0);
}

/// Tells what each client holds, then has them call as often as each line says.
fn hold(url: &str, clients: usize) -> Result<(), BoxError> {
    let runtime = Runtime::new()?;
    let (clients, bytes) = runtime.block_on(Clients::open(url, clients))?;
    process::say(&bytes.to_string())?;
    for line in std::io::stdin().lock().lines() {
        runtime.block_on(clients.call(line?.parse()?))?;
        process::say("called")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_process_has_more_than_a_thousand_clients() {
        assert_eq!(shares(10).collect::<Vec<_>>(), [10]);
        assert_eq!(shares(2_500).collect::<Vec<_>>(), [1_000, 1_000, 500]);
    }

    #[test]
    fn what_is_no_role_of_this_is_left_to_others() {
        assert!(!play(&["--role", "broker"]).expect("not played"));
        assert!(!play(&["--role", "clients", "10", "url"]).expect("not played"));
    }
}

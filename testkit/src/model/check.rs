use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Runtime;

use super::draw::Choice;
use super::shorten::shorten;
use super::{Script, world};
use crate::suite::{MakeRuntime, two_threads};
use crate::{Candidate, Need};

/// How long what a script left behind may take to end.
const TIDY: Duration = Duration::from_secs(5);
/// One seed of so many does what the whole bus feels.
const WHOLE_BUS: u64 = 8;

/// The check of a candidate against the model, with its settings.
#[derive(Clone, Debug)]
pub struct Model {
    candidate: Arc<Candidate>,
    seeds: Range<u64>,
    steps: usize,
    at_once: usize,
    tries: usize,
    runtime: MakeRuntime,
}

impl Model {
    /// A check of this candidate: twenty seeds, up to 40 steps each, two at once, each on a
    /// runtime with two threads; a script that fails is shortened in 200 tries at most.
    #[must_use]
    pub fn of(candidate: Candidate) -> Self {
        let candidate = Arc::new(candidate);
        Self { candidate, seeds: 0..20, steps: 40, at_once: 2, tries: 200, runtime: two_threads }
    }

    /// Sets the seeds. One of eight may do what everybody on the bus feels, where the harness can:
    /// block it, or restart it.
    #[must_use]
    pub fn seeds(mut self, seeds: Range<u64>) -> Self {
        self.seeds = seeds;
        self
    }

    /// Sets how many steps a script has at most.
    #[must_use]
    pub fn steps(mut self, most: usize) -> Self {
        self.steps = most.max(1);
        self
    }

    /// Sets how many scripts run at the same time, each in a name space of its own.
    #[must_use]
    pub fn at_once(mut self, count: usize) -> Self {
        self.at_once = count.max(1);
        self
    }

    /// Sets how often a script that fails is tried with something taken out of it.
    #[must_use]
    pub fn tries(mut self, tries: usize) -> Self {
        self.tries = tries;
        self
    }

    /// Runs each script on a runtime of this make; on one with paused time, say.
    #[must_use]
    pub fn runtime(mut self, make: fn() -> std::io::Result<Runtime>) -> Self {
        self.runtime = make;
        self
    }

    /// Who is checked.
    #[must_use]
    pub fn candidate(&self) -> &Candidate {
        &self.candidate
    }

    /// The script that a seed makes for this candidate.
    #[must_use]
    pub fn script(&self, seed: u64) -> Script {
        let choice = Choice {
            declared: self.candidate.capabilities(),
            faults: self.candidate.faults(),
            whole_bus: seed % WHOLE_BUS == WHOLE_BUS - 1,
        };
        choice.script(seed, self.steps)
    }

    /// Runs the script of each seed, until one breaks a promise.
    ///
    /// # Errors
    /// The shortened script, and what it breaks.
    pub fn check(&self) -> Result<(), Box<Counterexample>> {
        let next = AtomicU64::new(self.seeds.start);
        let first = Mutex::new(None);
        thread::scope(|scope| {
            for _ in 0..self.at_once {
                scope.spawn(|| {
                    while first.lock().is_none() {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= self.seeds.end {
                            return;
                        }
                        if let Err(why) = self.run(&self.script(seed)) {
                            first.lock().get_or_insert((seed, why));
                        }
                    }
                });
            }
        });
        match first.into_inner() {
            None => Ok(()),
            Some((seed, why)) => Err(Box::new(self.counterexample(seed, why))),
        }
    }

    fn counterexample(&self, seed: u64, why: String) -> Counterexample {
        let whole = self.script(seed);
        let steps = whole.steps().len();
        let fails = |script: &Script| self.run(script).err();
        let (script, why) = shorten(whole, why, self.tries, fails);
        Counterexample { candidate: self.candidate.name().to_owned(), seed, steps, script, why }
    }

    /// Runs one script in a fresh name space.
    ///
    /// # Errors
    /// What it breaks.
    pub fn run(&self, script: &Script) -> Result<(), String> {
        let (send, receive) = mpsc::channel();
        let (candidate, script, runtime) = (self.candidate.clone(), script.clone(), self.runtime);
        // In a thread of its own: in paused time, what is always busy would never end.
        thread::spawn(move || {
            let runtime = match runtime() {
                Ok(runtime) => runtime,
                Err(error) => return send.send(Err(format!("no runtime: {error}"))),
            };
            let result = runtime.block_on(in_place(&candidate, &script));
            runtime.shutdown_timeout(TIDY);
            send.send(result)
        });
        let limit = self.candidate.limit() * 2;
        match receive.recv_timeout(limit) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Err(format!("it did not end within {} s", limit.as_secs()))
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err("it panicked: see above".to_owned()),
        }
    }
}

async fn in_place(candidate: &Candidate, script: &Script) -> Result<(), String> {
    let needs: &[Need] = if script.is_of_the_whole_bus() { &[Need::Restart] } else { &[] };
    let harness = candidate.harness(needs).await;
    let harness = harness.map_err(|error| format!("there is no place to run it: {error}"))?;
    world::run(harness.as_ref(), candidate.capabilities(), script).await
}

/// A script that breaks a promise.
#[derive(Clone, Debug)]
pub struct Counterexample {
    candidate: String,
    seed: u64,
    steps: usize,
    script: Script,
    why: String,
}

impl Counterexample {
    /// The seed that it was found with.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The shortened script.
    #[must_use]
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// What it breaks.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { candidate, seed, steps, script, why } = self;
        let left = script.steps().len();
        write!(
            f,
            "{candidate} breaks a promise: {why}\n\
             found with seed {seed}; {left} of {steps} steps are left:\n    {script}"
        )
    }
}

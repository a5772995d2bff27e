//! Every driver against random scripts: `cargo test -p busway-tests --test model NAME`.
//!
//! `MODEL_SEEDS` sets how many seeds each driver gets, `MODEL_SEED` takes one only,
//! and `MODEL_SCRIPT` runs that script.

mod sins;

use std::env;
use std::process::ExitCode;

use busway_testkit::Candidate;
use busway_testkit::model::{Model, Script};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Builder;

/// How many seeds the in-memory bus gets.
const MANY: u64 = 3000;
/// How many seeds a real broker gets.
const SOME: u64 = 24;

fn main() -> ExitCode {
    let mut trials = vec![trial(in_paused_time(busway_tests::fake()), MANY, None)];
    for candidate in [busway_tests::pika(), busway_tests::amqp1(), busway_tests::amqp1_proton()] {
        let missing = candidate.why_missing().map(str::to_owned);
        // Most of what they do is waiting.
        trials.push(trial(Model::of(candidate).at_once(8).tries(60), SOME, missing));
    }
    trials.extend(sins::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Time that passes only when everything waits.
fn paused() -> std::io::Result<tokio::runtime::Runtime> {
    Builder::new_current_thread().enable_all().start_paused(true).build()
}

fn trial(model: Model, seeds: u64, missing: Option<String>) -> Trial {
    let name = format!("{}::random_scripts_break_no_promise", model.candidate().name());
    Trial::ignorable_test(name, move || match missing {
        // As the conformance suite does: it has to be there where everything has.
        Some(reason) if env::var("CI").is_ok_and(|ci| ci == "true") => {
            Err(format!("missing: {reason}").into())
        }
        Some(reason) => Ok(Completion::ignored_with(format!("missing: {reason}"))),
        None => check(model, seeds).map(|()| Completion::Completed),
    })
}

fn check(model: Model, seeds: u64) -> Result<(), Failed> {
    if let Ok(script) = env::var("MODEL_SCRIPT") {
        return model.run(&script.parse::<Script>()?).map_err(Failed::from);
    }
    let only = number("MODEL_SEED")?;
    let seeds = number("MODEL_SEEDS")?.unwrap_or(seeds);
    let range = only.map_or(0..seeds, |seed| seed..seed + 1);
    model.seeds(range).check().map_err(|counterexample| {
        let script = counterexample.script();
        format!("{counterexample}\nagain: MODEL_SCRIPT='{script}'").into()
    })
}

fn number(variable: &str) -> Result<Option<u64>, Failed> {
    match env::var(variable) {
        Ok(text) => match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(format!("{variable}='{text}' is no number").into()),
        },
        Err(_) => Ok(None),
    }
}

/// A check of this candidate in paused time.
fn in_paused_time(candidate: Candidate) -> Model {
    Model::of(candidate).runtime(paused)
}

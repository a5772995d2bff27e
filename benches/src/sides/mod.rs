//! The same exchange by several sides, in turn: each run of a side has a server and a client of its
//! own, in new processes; the first side is compared with each of the others.

mod ground;
mod options;
mod pattern;
pub mod python;
mod results;
mod server;
mod taken;
mod turns;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

pub use ground::Ground;
pub use pattern::{Pattern, load};
pub use taken::{Taken, take, take_fan_outs};

use crate::BoxError;
use ground::Spot;
use options::Options;
use results::{Results, Run};
use turns::turns;

/// What a server says when it is ready.
pub const READY: &str = "ready";

/// The kind of pattern that goes to several servers at once.
pub const FAN_OUTS: &str = "fan-outs";

/// The least share of the rate that is reached by hand.
pub const BY_HAND: f64 = 0.95;

/// A program that plays a side: with `server` and the words of the side it prints [`READY`] and
/// serves until its standard input ends; with a kind of pattern, those words, how many at a time,
/// how many in all and how many bytes each, it sends, and prints [`Taken::line`].
#[derive(Clone, Debug)]
pub struct Side {
    /// What it is called in the table.
    pub name: &'static str,
    /// The program.
    pub program: PathBuf,
    /// What comes before the role.
    pub first: Vec<String>,
    /// What comes after it; `{port}` and `{vhost}` stand for where a run takes place.
    pub words: Vec<String>,
    /// How many times this side's rate the first one is to reach at least, where it is a limit.
    pub least: fn(Pattern) -> Option<f64>,
    /// It is so slow that it sends one of so many messages; none where it takes no part.
    pub one_of: fn(Pattern) -> Option<u64>,
}

impl Side {
    fn command(&self, role: &str, spot: &Spot<'_>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.first).arg(role).args(spot.fill(&self.words));
        command
    }
}

/// Says on a line what whoever started this process waits for, and waits for the end of the
/// standard input.
///
/// # Errors
/// When the standard streams are gone.
pub fn serve_until_told(line: &str) -> Result<(), BoxError> {
    println!("{line}");
    std::io::stdout().flush()?;
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

/// Measures the sides in turn on that ground, and prints their medians: the patterns whose names
/// begin with the words, each `--runs N` times, and as JSON into `--json FILE`. Fails when the first
/// side does less than it has to beside another.
///
/// # Errors
/// When a side cannot be run, the words are not understood, or the file cannot be written.
pub fn compare(
    sides: &[Side],
    ground: &Ground,
    patterns: &[Pattern],
    words: &[&str],
) -> Result<ExitCode, BoxError> {
    let Options { runs, file, chosen } = Options::read(words)?;
    let mut results = Results::of(runs);
    results.print_head();
    for pattern in patterns.iter().filter(|pattern| pattern.to_string().starts_with(&chosen)) {
        results.add(*pattern, sides, &measure(sides, ground, *pattern, runs)?);
    }
    if let Some(file) = file {
        std::fs::write(&file, results.json()?)
            .map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let too_slow = results.too_slow();
    for what in &too_slow {
        println!("FAILED: {what}");
    }
    Ok(if too_slow.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The runs of each side, in the order of the rounds; of those that take no part there are none.
fn measure(
    sides: &[Side],
    ground: &Ground,
    pattern: Pattern,
    runs: usize,
) -> Result<Vec<Vec<Run>>, BoxError> {
    let part = |(number, side): (usize, &Side)| Some((number, (side.one_of)(pattern)?));
    let taking_part: Vec<_> = sides.iter().enumerate().filter_map(part).collect();
    let mut taken = vec![Vec::new(); sides.len()];
    for round in 0..runs {
        for turn in turns(taking_part.len(), round) {
            let (side, of) = taking_part[turn];
            let spot = ground.spot()?;
            taken[side].push(server::run(&sides[side], &spot, pattern.one_of(of))?);
        }
    }
    Ok(taken)
}

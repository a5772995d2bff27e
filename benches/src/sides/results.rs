//! What came of all runs: a table, and JSON for whatever is made of it.

use std::time::Duration;

use serde::Serialize;

use super::{Pattern, Side, Taken};
use crate::BoxError;
use crate::machine::Machine;

/// What one run of a client came to.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Run {
    /// Messages a second.
    rate: f64,
    /// The processor time of the client, in microseconds a message.
    client_micros: f64,
    /// That of the server.
    server_micros: f64,
    /// That of the broker, where there is one.
    broker_micros: Option<f64>,
    /// What the client held at the end, in MiB.
    client_mib: f64,
    /// What half of the messages took at most, in microseconds; and so on.
    p50: f64,
    p90: f64,
    p99: f64,
    p99_9: f64,
}

impl Run {
    pub(super) fn of(
        pattern: Pattern,
        taken: &Taken,
        server: Duration,
        broker: Option<Duration>,
    ) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "a float holds such a count exactly")]
        let count = pattern.load.whole as f64;
        let [p50, p90, p99, p99_9] = taken.quantiles;
        // They have served what warmed up as well.
        let micros = |used: Duration| used.as_secs_f64() * 1e6 / (count * 1.1);
        Self {
            rate: count / taken.seconds,
            client_micros: taken.cpu * 1e6 / count,
            server_micros: micros(server),
            broker_micros: broker.map(micros),
            client_mib: taken.resident / 1024.0 / 1024.0,
            p50,
            p90,
            p99,
            p99_9,
        }
    }

    fn median(runs: &[Self]) -> Self {
        let of = |value: fn(&Self) -> f64| median(runs.iter().map(value));
        Self {
            rate: of(|run| run.rate),
            client_micros: of(|run| run.client_micros),
            server_micros: of(|run| run.server_micros),
            broker_micros: runs[0]
                .broker_micros
                .map(|_| of(|run| run.broker_micros.unwrap_or(0.0))),
            client_mib: of(|run| run.client_mib),
            p50: of(|run| run.p50),
            p90: of(|run| run.p90),
            p99: of(|run| run.p99),
            p99_9: of(|run| run.p99_9),
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    quartiles(values)[1]
}

/// What a quarter of some values lie below, half of them, and three quarters; between two of them in
/// proportion.
fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarters| {
        let place = (values.len() - 1) * quarters;
        let (below, above) = (values[place / 4], values[place.div_ceil(4)]);
        #[allow(clippy::cast_precision_loss, reason = "it is less than four")]
        let share = (place % 4) as f64 / 4.0;
        below + (above - below) * share
    })
}

/// The quartiles of the ratios of runs of the same round: what a machine does now is compared with
/// what it does now, faster or slower as it may be at another time.
fn ratios(first: &[Run], other: &[Run]) -> [f64; 3] {
    quartiles(first.iter().zip(other).map(|(first, other)| first.rate / other.rate))
}

/// The median of a side's runs of a pattern, and how the first side's rate compares.
#[derive(Debug, Serialize)]
struct Row {
    pattern: String,
    side: &'static str,
    /// What the ratio is to be at least.
    #[serde(skip)]
    least: Option<f64>,
    /// The first side's rate divided by this one's, the median over the rounds.
    ratio: f64,
    /// What a quarter of the rounds, and three quarters, had at most.
    ratio_q1: f64,
    ratio_q3: f64,
    #[serde(flatten)]
    median: Run,
}

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    machine: Machine,
    /// How many runs the medians are of.
    runs: usize,
    rows: Vec<Row>,
}

impl Results {
    pub(super) fn of(runs: usize) -> Self {
        Self { machine: Machine::this(), runs, rows: Vec::new() }
    }

    pub(super) fn print_head(&self) {
        println!("{}", self.machine);
        println!(
            "medians of {} runs of each side in turn, each with a server of its own",
            self.runs
        );
        println!("rate: messages a second; ratio: of the first side's to this one's, by rounds");
        println!("q1, q3: what a quarter of the rounds had at most as a ratio, and three quarters");
        println!(
            "client, server, broker: processor time a message, in microseconds; MiB of the client"
        );
        println!("p50 … p99.9: how long so many of the messages took at most, in microseconds");
        println!(
            "{:<22} {:<9} {:>8} {:>6} {:>6} {:>6} {:>8} {:>8} {:>8} {:>6} {:>8} {:>8} {:>8} {:>8}",
            "pattern",
            "side",
            "rate",
            "ratio",
            "q1",
            "q3",
            "client",
            "server",
            "broker",
            "MiB",
            "p50",
            "p90",
            "p99",
            "p99.9"
        );
    }

    /// Adds the runs of every side of a pattern, and prints their medians.
    pub(super) fn add(&mut self, pattern: Pattern, sides: &[Side], taken: &[Vec<Run>]) {
        let took_part = sides.iter().zip(taken).filter(|(_, runs)| !runs.is_empty());
        for (side, runs) in took_part {
            let [ratio_q1, ratio, ratio_q3] = ratios(&taken[0], runs);
            let row = Row {
                pattern: pattern.to_string(),
                side: side.name,
                least: (side.least)(pattern),
                ratio,
                ratio_q1,
                ratio_q3,
                median: Run::median(runs),
            };
            row.print();
            self.rows.push(row);
        }
    }

    /// Where the first side does less than it has to.
    pub(super) fn too_slow(&self) -> Vec<String> {
        let rows = self.rows.iter();
        let slow =
            rows.filter_map(|row| row.least.filter(|least| row.ratio < *least).zip(Some(row)));
        slow.map(|(least, row)| {
            let Row { pattern, side, ratio, .. } = row;
            format!("{pattern}: {ratio:.2} times the rate of {side}, at least {least} is wanted")
        })
        .collect()
    }

    pub(super) fn json(&self) -> Result<String, BoxError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

impl Row {
    fn print(&self) {
        let Run { rate, client_micros, server_micros, client_mib, p50, p90, p99, p99_9, .. } =
            self.median;
        let Self { pattern, side, ratio, ratio_q1, ratio_q3, .. } = self;
        let broker = self.median.broker_micros.unwrap_or(0.0);
        println!(
            "{pattern:<22} {side:<9} {rate:>8.0} {ratio:>6.2} {ratio_q1:>6.2} {ratio_q3:>6.2} \
             {client_micros:>8.1} {server_micros:>8.1} {broker:>8.1} {client_mib:>6.1} \
             {p50:>8.0} {p90:>8.0} {p99:>8.0} {p99_9:>8.0}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(name: &'static str, least: fn(Pattern) -> Option<f64>) -> Side {
        let (program, first, words) = (std::path::PathBuf::new(), Vec::new(), Vec::new());
        Side { name, program, first, words, least, one_of: |_| Some(1) }
    }

    fn runs(rates: [f64; 3]) -> Vec<Run> {
        let pattern = Pattern::new("calls", 1, 100);
        let run = |rate| {
            let taken = Taken { seconds: 100.0 / rate, ..Taken::default() };
            Run::of(pattern, &taken, Duration::ZERO, Some(Duration::ZERO))
        };
        rates.map(run).to_vec()
    }

    fn are_near(values: [f64; 3], expected: [f64; 3]) {
        let mut both = values.iter().zip(expected);
        assert!(both.all(|(value, expected)| (value - expected).abs() < 1e-9), "{values:?}");
    }

    #[test]
    fn the_ratio_is_that_of_runs_of_one_round() {
        // The machine was slow in the second round, and fast in the third.
        let first = runs([100.0, 10.0, 900.0]);
        are_near(ratios(&first, &runs([100.0, 20.0, 900.0])), [0.75, 1.0, 1.0]);
        are_near(ratios(&first, &runs([200.0, 20.0, 900.0])), [0.5, 0.5, 0.75]);
    }

    #[test]
    fn quartiles_lie_between_values() {
        let of = |values: &[f64]| quartiles(values.iter().copied());
        are_near(of(&[7.0]), [7.0; 3]);
        are_near(of(&[4.0, 2.0]), [2.5, 3.0, 3.5]);
        are_near(of(&[5.0, 1.0, 3.0, 2.0, 4.0]), [2.0, 3.0, 4.0]);
    }

    #[test]
    fn a_side_that_takes_no_part_has_no_row() {
        let mut results = Results::of(3);
        let sides = [side("busway", |_| None), side("another", |_| Some(10.0))];
        results.add(Pattern::new("calls", 1, 100), &sides, &[runs([90.0; 3]), Vec::new()]);
        assert_eq!((results.rows.len(), results.too_slow()), (1, Vec::new()));
    }

    #[test]
    fn the_limit_alone_is_to_be_reached() {
        let mut results = Results::of(3);
        let sides =
            [side("busway", |_| None), side("by hand", |_| Some(0.95)), side("another", |_| None)];
        let taken = [runs([90.0, 80.0, 70.0]), runs([100.0; 3]), runs([500.0; 3])];
        results.add(Pattern::new("calls", 1, 100), &sides, &taken);
        let slow = "calls 1: 0.80 times the rate of by hand, at least 0.95 is wanted";
        assert_eq!(results.too_slow(), [slow]);
        let json: serde_json::Value =
            serde_json::from_str(&results.json().expect("JSON")).expect("JSON");
        assert_eq!(json["rows"][1]["pattern"], "calls 1");
        assert_eq!(json["rows"][2]["side"], "another");
        let quartile = json["rows"][1]["ratio_q1"].as_f64().expect("a number");
        assert!((quartile - 0.75).abs() < 1e-9, "{quartile}");
    }
}

//! Latencies as a histogram of high dynamic range.

use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use serde::Serialize;

/// The longest time that is told apart, in nanoseconds: an hour.
const LONGEST: u64 = 3_600_000_000_000;
/// How many digits of a time are kept.
const DIGITS: u8 = 3;

/// Times, which many tasks record.
#[derive(Debug)]
pub(super) struct Latencies(Mutex<Histogram<u64>>);

impl Latencies {
    pub(super) fn new() -> Self {
        let times = Histogram::new_with_bounds(1, LONGEST, DIGITS);
        Self(Mutex::new(times.expect("the bounds are in order")))
    }

    pub(super) fn record(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.0.lock().saturating_record(nanos);
    }

    /// What is to be said of them; nothing without any.
    pub(super) fn summary(&self) -> Option<Summary> {
        let times = self.0.lock();
        if times.is_empty() {
            return None;
        }
        let at = |percentile| micros(times.value_at_percentile(percentile));
        Some(Summary {
            mean: times.mean() / 1000.0,
            min: micros(times.min()),
            p50: at(50.0),
            p90: at(90.0),
            p99: at(99.0),
            p99_9: at(99.9),
            p99_99: at(99.99),
            max: micros(times.max()),
            curve: curve(&times),
        })
    }
}

/// The usual percentiles, in microseconds.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    pub(super) mean: f64,
    pub(super) min: f64,
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) p99_9: f64,
    pub(super) p99_99: f64,
    pub(super) max: f64,
    /// Share of all (below 1) and time, for the plot.
    #[serde(skip)]
    pub(super) curve: Vec<(f64, f64)>,
}

fn curve(times: &Histogram<u64>) -> Vec<(f64, f64)> {
    let steps = times.iter_quantiles(8);
    let points = steps.map(|step| (step.quantile_iterated_to(), micros(step.value_iterated_to())));
    points.filter(|(share, _)| *share < 1.0).collect()
}

#[allow(clippy::cast_precision_loss, reason = "an hour of nanoseconds is below 2^52")]
fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentiles_are_those_of_the_times() {
        let latencies = Latencies::new();
        assert!(latencies.summary().is_none());
        for millis in 1..=1000 {
            latencies.record(Duration::from_millis(millis));
        }
        let summary = latencies.summary().expect("times");
        for (time, expected) in
            [(summary.p50, 500e3), (summary.p90, 900e3), (summary.p99, 990e3), (summary.max, 1e6)]
        {
            assert!((time / expected - 1.0).abs() < 0.002, "{time} is not {expected}");
        }
        assert!(summary.curve.is_sorted_by(|one, next| one.1 <= next.1));
    }
}

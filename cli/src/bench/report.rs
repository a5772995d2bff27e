//! What came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use serde::Serialize;

use super::Args;
use super::latencies::Summary;
use super::meter::Meter;
use crate::output::style::{ERROR, NAME, QUIET};

/// The numbers, as they are printed as JSON.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) kind: &'static str,
    pub(super) url: String,
    in_flight: usize,
    size: usize,
    servers: usize,
    /// How long was sent.
    seconds: f64,
    sent: u64,
    pub(super) sent_per_second: f64,
    /// How many arrived, copies counted each; where that is counted.
    delivered: Option<u64>,
    delivered_per_second: Option<f64>,
    pub(super) lost: u64,
    pub(super) errors: BTreeMap<&'static str, Failures>,
    /// In microseconds.
    pub(super) latency_us: Option<Summary>,
    /// In microseconds.
    pub(super) delivery_us: Option<Summary>,
    #[serde(skip)]
    pub(super) timeline: Vec<(Duration, u64)>,
}

/// The failures of a kind.
#[derive(Debug, Serialize)]
pub(super) struct Failures {
    count: u64,
    first: String,
}

impl Report {
    pub(super) fn new(args: &Args, url: String, meter: &Meter) -> Self {
        let (sending, until_last) = meter.times();
        let sent = meter.sent.load(Relaxed);
        let delivery_us = meter.delivery.summary();
        let delivered = delivery_us.as_ref().map(|_| meter.delivered.load(Relaxed));
        let errors = meter.errors().into_iter();
        Self {
            kind: args.kind.name(),
            url,
            in_flight: args.in_flight,
            size: args.size,
            servers: args.servers(),
            seconds: sending.as_secs_f64(),
            sent,
            sent_per_second: rate(sent, sending.as_secs_f64()),
            delivered,
            delivered_per_second: delivered.map(|count| rate(count, until_last.as_secs_f64())),
            lost: meter.lost_count(),
            errors: errors
                .map(|(kind, (count, first))| (kind, Failures { count, first }))
                .collect(),
            latency_us: meter.latency.summary(),
            delivery_us,
            timeline: meter.timeline(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, url, in_flight, size, servers, seconds, sent, .. } = self;
        writeln!(f, "{NAME}{kind}{NAME:#} on {url}")?;
        let receiving = match servers {
            0 => "servers elsewhere".to_owned(),
            1 => "1 receiver in this process".to_owned(),
            more => format!("{more} receivers in this process"),
        };
        writeln!(f, "{QUIET}{in_flight} in flight, {size} bytes, {receiving}{QUIET:#}")?;
        let rate = self.sent_per_second;
        write!(f, "sent       {sent:>10} in {seconds:.2} s  {NAME}{rate:.0}/s{NAME:#}")?;
        if let (Some(count), Some(rate)) = (self.delivered, self.delivered_per_second) {
            write!(f, "\ndelivered  {count:>10}  {NAME}{rate:.0}/s{NAME:#}")?;
        }
        if self.lost > 0 {
            write!(f, "\n{ERROR}lost{ERROR:#}       {:>10}", self.lost)?;
        }
        for (kind, Failures { count, first }) in &self.errors {
            write!(f, "\n{ERROR}failed{ERROR:#}     {count:>10} {kind}, the first: {first}")?;
        }
        let head = ["mean", "p50", "p90", "p99", "p99.9", "p99.99", "max"];
        write!(f, "\n{QUIET}{:9}", "")?;
        for name in head {
            write!(f, " {name:>9}")?;
        }
        write!(f, "{QUIET:#}")?;
        row(f, "latency", self.latency_us.as_ref())?;
        row(f, "delivery", self.delivery_us.as_ref())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, times: Option<&Summary>) -> fmt::Result {
    let Some(times) = times else { return Ok(()) };
    write!(f, "\n{name:9}")?;
    let Summary { mean, p50, p90, p99, p99_9, p99_99, max, .. } = times;
    for time in [mean, p50, p90, p99, p99_9, p99_99, max] {
        write!(f, " {:>9}", shown(*time))?;
    }
    Ok(())
}

/// A time of so many microseconds with a unit that fits.
pub(super) fn shown(micros: f64) -> String {
    match micros {
        micros if micros >= 1e6 => format!("{:.2} s", micros / 1e6),
        micros if micros >= 1e3 => format!("{:.2} ms", micros / 1e3),
        micros => format!("{micros:.1} µs"),
    }
}

/// How many in a second.
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(super) fn rate(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}

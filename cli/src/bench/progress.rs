//! The line that shows how it goes, on a terminal, and the curve over time.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::Args;
use super::meter::Meter;
use crate::output::watched;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(200);

/// Looks until it is dropped.
#[derive(Debug)]
pub(super) struct Watching {
    task: JoinHandle<()>,
    shown: bool,
}

/// Starts looking.
pub(super) fn watch(args: &Args, meter: Arc<Meter>) -> Watching {
    let shown = watched();
    let of = match args.count {
        Some(count) => format!("{count} messages"),
        None => format!("{:.0?}", args.duration),
    };
    let task = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(EVERY);
        let mut last = (Duration::ZERO, 0);
        loop {
            ticks.tick().await;
            let (time, sent) = meter.sample();
            if shown {
                let seconds = time.saturating_sub(last.0).as_secs_f64();
                show(time, sent, sent - last.1, seconds, &of);
            }
            last = (time, sent);
        }
    });
    Watching { task, shown }
}

fn show(time: Duration, sent: u64, more: u64, seconds: f64, of: &str) {
    let rate = super::report::rate(more, seconds);
    let line = format!("\r\x1b[K{:.1} s of {of}: {sent} sent, {rate:.0}/s", time.as_secs_f64());
    let mut stderr = std::io::stderr().lock();
    // A line that cannot be shown is not missed.
    let _ = stderr.write_all(line.as_bytes()).and_then(|()| stderr.flush());
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
        if self.shown {
            // As above.
            let _ = std::io::stderr().write_all(b"\r\x1b[K");
        }
    }
}

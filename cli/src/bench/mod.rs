//! `busway bench`: how fast, and how evenly.

mod counterpart;
mod latencies;
mod load;
mod meter;
mod plot;
mod progress;
mod report;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;

use crate::args::Globals;
use crate::bus::{Bus, Purpose};
use crate::exit::Exit;
use crate::output::{note, say, say_json, warn};
use crate::problem::{Outcome, Problem};
use crate::signals::Signals;
use crate::values;
use counterpart::Counterpart;
use load::Load;
use meter::Meter;
use report::Report;

/// Measure calls, casts, fan-outs or notifications.
///
/// Keeps --in-flight messages on their way: each worker sends the next one when the last one is
/// done (a closed loop: when the bus is slow, less is sent). `latency` is the time until a call has
/// its reply, or until the bus has taken a cast or stored a notification; `delivery` is the time
/// until a server's method or a listener had it, known when both are in this process.
///
/// The receiving side runs in this process, on a topic with a fresh name, and every message is
/// counted there: one that is lost makes the exit code 1. With --no-server the receiving side is
/// yours: `busway serve --topic T --server S` (its method echo is called), or `busway listen`.
/// Without --url and without a configured bus, the bus inside this process is measured (fake://).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  busway bench call --duration 5\n  busway bench cast --count 100000 \
                  --in-flight 16 --json\n  busway bench notify --plot notify.svg"
)]
pub(crate) struct Args {
    /// What to measure.
    #[arg(value_enum, default_value = "call")]
    pub(crate) kind: Kind,
    /// How many messages are on their way at a time.
    #[arg(long, value_name = "N", default_value = "64", value_parser = at_least_one)]
    pub(crate) in_flight: usize,
    /// How long to send: seconds, or with a unit (500ms, 2s, 1m).
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "10")]
    pub(crate) duration: Duration,
    /// Send so many instead.
    #[arg(long, value_name = "N", conflicts_with = "duration")]
    pub(crate) count: Option<u64>,
    /// The size of the filling of each message, in bytes.
    #[arg(long, value_name = "BYTES", default_value = "100")]
    pub(crate) size: usize,
    /// How many servers take messages in turn; with fanout each gets a copy. 3 with fanout and
    /// 1 otherwise.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) servers: Option<usize>,
    /// Use servers or listeners that run elsewhere, on --topic.
    #[arg(long, requires = "topic", conflicts_with = "servers")]
    pub(crate) no_server: bool,
    /// The topic; a fresh one otherwise.
    #[arg(long)]
    pub(crate) topic: Option<String>,
    /// When to give up on a message.
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "30")]
    pub(crate) timeout: Duration,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw the latencies and the rate over time into this file.
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Calls, from the request to the reply.
    #[value(alias = "rpc")]
    Call,
    /// Casts to one server each.
    Cast,
    /// Casts to every server.
    Fanout,
    /// Notifications.
    #[value(alias = "notifications")]
    Notify,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Cast => "cast",
            Self::Fanout => "fanout",
            Self::Notify => "notify",
        }
    }

    fn purpose(self) -> Purpose {
        if self == Self::Notify { Purpose::Notifications } else { Purpose::Rpc }
    }
}

impl Args {
    fn servers(&self) -> usize {
        match self.kind {
            _ if self.no_server => 0,
            Kind::Fanout => self.servers.unwrap_or(3),
            _ => self.servers.unwrap_or(1),
        }
    }
}

/// Measures, and reports.
pub(crate) async fn run(args: &Args, globals: &Globals) -> Outcome {
    let mut signals = Signals::take()?;
    let bus = Bus::open_or(globals, args.kind.purpose(), "fake://").await?;
    if args.no_server {
        bus.warn_if_alone();
    }
    let measured = measure(args, &bus, &mut signals).await;
    let url = bus.shown.clone();
    bus.close().await;
    let meter = measured?;
    let report = Report::new(args, url, &meter);
    if args.json {
        say_json(&report)?;
    } else {
        say(&report)?;
    }
    if let Some(path) = &args.plot {
        std::fs::write(path, plot::svg(&report)).map_err(|error| {
            let message = format!("{} cannot be written: {error}", path.display());
            Problem::new(Exit::Failure, message)
        })?;
    }
    verdict(&report)
}

async fn measure(args: &Args, bus: &Bus, signals: &mut Signals) -> Outcome<Arc<Meter>> {
    let fresh = || format!("busway-bench-{}", uuid::Uuid::new_v4().simple());
    let topic = args.topic.clone().unwrap_or_else(fresh);
    let meter = Arc::new(Meter::new(args.count));
    let counterpart = Counterpart::start(args, bus, &topic, &meter).await?;
    let load = Load::new(args, bus, &topic, meter.clone())?;
    let watching = progress::watch(args, meter.clone());
    let mut sending = load.start();
    tokio::select! {
        () = sending.done() => {}
        signal = signals.next() => {
            note(format_args!("{signal}: finishing what is on its way; again to end at once"));
            meter.stop();
            signals.or_at_once(sending.done()).await?;
        }
    }
    meter.sent_all();
    signals.or_at_once(counterpart.finish(args.timeout)).await?;
    drop(watching);
    meter.end();
    Ok(meter)
}

fn verdict(report: &Report) -> Outcome {
    if report.lost > 0 {
        let message = format!("{} messages did not arrive", report.lost);
        return Err(Problem::new(Exit::Failure, message));
    }
    if report.errors.is_empty() {
        return Ok(());
    }
    warn("not all of it went well: the numbers are of what did");
    Err(Problem::told(Exit::Failure))
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("expected a number above 0".to_owned()),
    }
}

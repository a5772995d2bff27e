//! `busway listen`: notifications as they come.

mod filter;
mod printer;

use std::sync::Arc;
use std::time::Duration;

use busway::Target;
use busway::notify::{NotificationListener, Priority};

use crate::args::Globals;
use crate::bus::{Bus, Purpose};
use crate::exit::Exit;
use crate::output::note;
use crate::problem::{Outcome, Problem};
use crate::signals::Signals;
use crate::values;
use printer::Printer;

/// Print notifications as they come.
///
/// What is printed is acknowledged: other listeners of the same topic do not get it. To look
/// without taking anything away, listen in a --pool of your own (where the driver has pools).
/// SIGINT or SIGTERM stops gracefully: what was taken is printed, the rest goes back; the second
/// one ends at once.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  busway listen --topic notifications --priority error --priority \
                  critical\n  busway listen --pool mine --event-type 'compute\\.instance' --json"
)]
pub(crate) struct Args {
    /// A topic to listen to; may be repeated. Otherwise the `topics` of the configuration
    /// (notifications).
    #[arg(long, value_delimiter = ',')]
    pub(crate) topic: Vec<String>,
    /// The exchange of the topics; `control_exchange` of the configuration (openstack) otherwise.
    #[arg(long)]
    pub(crate) exchange: Option<String>,
    /// A priority to listen to: audit, debug, info, warn, error, critical or sample; may be
    /// repeated. All of them otherwise.
    #[arg(long, value_delimiter = ',')]
    pub(crate) priority: Vec<Priority>,
    /// The pool to join: its members share a copy of every notification.
    #[arg(long)]
    pub(crate) pool: Option<String>,
    #[command(flatten)]
    pub(crate) filter: filter::FilterArgs,
    /// Stop after so many have been printed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Give up when --count has not been reached after this time: exit code 4.
    #[arg(long, value_name = "TIME", value_parser = values::duration, requires = "count")]
    pub(crate) timeout: Option<Duration>,
    /// How long a graceful stop may take.
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "30")]
    pub(crate) stop_timeout: Duration,
    /// Print each notification as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Listens until the count is reached, a signal comes, or the subscription is lost.
pub(crate) async fn run(args: &Args, globals: &Globals) -> Outcome {
    let mut signals = Signals::take()?;
    let filter = args.filter.filter()?;
    let bus = Bus::open(globals, Purpose::Notifications).await?;
    bus.warn_if_alone();
    let printer = Arc::new(Printer::new(args, globals.verbose > 0, filter, &bus.transport));
    let mut listener = start(args, &bus, printer.clone()).await?;
    note(format_args!("listening on {}; Ctrl-C stops", bus.shown));
    let ended = tokio::select! {
        signal = signals.next() => {
            tracing::info!(signal, "stopping");
            Ok(())
        }
        ended = printer.ended() => ended,
        ended = listener.wait() => ended.map_err(Problem::from),
        () = patience(args.timeout) => Err(too_late(args)),
    };
    printer.print_no_more();
    let stopping = async {
        let stopped = listener.stop_within(args.stop_timeout).await;
        bus.close().await;
        stopped
    };
    let stopped = signals.or_at_once(stopping).await?;
    ended?;
    Ok(stopped?)
}

async fn start(args: &Args, bus: &Bus, printer: Arc<Printer>) -> Outcome<NotificationListener> {
    let capabilities = bus.transport.capabilities();
    // One at a time: they are printed in the order in which they came.
    let mut listener = NotificationListener::builder(&bus.transport)
        .allow_requeue(capabilities.requeue)
        .concurrency(1)
        .endpoint(printer);
    let configured = &bus.transport.config().notifications().topics;
    let topics = if args.topic.is_empty() { configured } else { &args.topic };
    for topic in topics {
        let target = Target::new(topic.as_str());
        listener = listener.target(match &args.exchange {
            Some(exchange) => target.with_exchange(exchange.as_str()),
            None => target,
        });
    }
    if let Some(pool) = &args.pool {
        listener = listener.pool(pool);
    }
    Ok(listener.start().await?)
}

async fn patience(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => std::future::pending().await,
    }
}

fn too_late(args: &Args) -> Problem {
    let (count, timeout) = (args.count.unwrap_or_default(), args.timeout.unwrap_or_default());
    Problem::new(Exit::Timeout, format!("less than {count} came within {timeout:?}"))
        .hint("check the topic, the exchange, the priorities and the filters")
}

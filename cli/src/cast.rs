//! `busway cast`: a request whose result nobody waits for.

use crate::args::Globals;
use crate::bus::{Bus, Purpose, nobody_serves};
use crate::output::say_json;
use crate::problem::{Outcome, Problem};
use crate::rpc::RequestArgs;

/// Send a request whose result nobody waits for.
///
/// Nothing is printed: exit code 0 says that the bus has it. With --fanout every server of the
/// topic gets a copy, and that there is none is no error.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  busway cast greetings reload --fanout")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// Send a copy to every server of the topic.
    #[arg(long, conflicts_with = "server")]
    pub(crate) fanout: bool,
    /// Print `{"sent": true}`, or what went wrong, as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Casts.
pub(crate) async fn run(args: &Args, globals: &Globals) -> Outcome {
    let request = &args.request;
    let arguments = request.payload()?;
    let bus = Bus::open(globals, Purpose::Rpc).await?;
    bus.warn_if_alone();
    let prepared = request.prepare(&bus.transport)?.fanout(args.fanout);
    let sent = prepared.cast(&request.method, arguments).await.map_err(|error| {
        nobody_serves(Problem::from(error), &bus, &request.topic, request.server.as_deref())
    });
    bus.close().await;
    sent?;
    if args.json { say_json(&serde_json::json!({ "sent": true })) } else { Ok(()) }
}

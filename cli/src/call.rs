//! `busway call`: a request and its result.

use std::time::Duration;

use busway::Payload;

use crate::args::Globals;
use crate::bus::{Bus, Purpose, nobody_serves};
use crate::output::say;
use crate::problem::{Outcome, Problem};
use crate::rpc::RequestArgs;
use crate::{text, values};

/// Call a method of a server and print its result.
///
/// A string is printed as it is, anything else as JSON. A failure that the server answers with is
/// printed with its class, module and message, with its traceback with -v, and the exit code
/// is 3.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  busway call greetings hello name=Ada --timeout 2")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// Give up when the server gives no sign of life for that long, while --timeout may be long.
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub(crate) call_monitor_timeout: Option<Duration>,
    /// Print the result, or what went wrong, as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Calls and prints.
pub(crate) async fn run(args: &Args, globals: &Globals) -> Outcome {
    print(&call(args, globals).await?, args.json)
}

/// Calls, and gives the result.
pub(crate) async fn call(args: &Args, globals: &Globals) -> Outcome<Payload> {
    let request = &args.request;
    let arguments = request.payload()?;
    let bus = Bus::open(globals, Purpose::Rpc).await?;
    bus.warn_if_alone();
    let mut prepared = request.prepare(&bus.transport)?;
    if let Some(timeout) = args.call_monitor_timeout {
        prepared = prepared.call_monitor_timeout(timeout);
    }
    let result = prepared.call(&request.method, arguments).await.map_err(|error| {
        nobody_serves(Problem::from(error), &bus, &request.topic, request.server.as_deref())
    });
    bus.close().await;
    result
}

fn print(result: &Payload, json: bool) -> Outcome {
    if json {
        return say(result.as_json());
    }
    match result.to::<String>() {
        Ok(string) => say(text::visible(&string)),
        Err(_) => say(pretty(result)),
    }
}

/// The document with line breaks and indentation, its numbers as they came.
fn pretty(result: &Payload) -> String {
    // A number too large for `Value` stays as it came: the document is then shown as it is.
    let value = result.to::<serde_json::Value>();
    let pretty = value.ok().and_then(|value| serde_json::to_string_pretty(&value).ok());
    pretty.unwrap_or_else(|| result.as_json().to_owned())
}

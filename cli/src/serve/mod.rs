//! `busway serve`: a server, of methods to try things with or of a shell command.

mod exec;
mod methods;
mod told;

use std::time::Duration;

use busway::{Endpoint, RpcServer, Target, Version};

use crate::args::Globals;
use crate::bus::{Bus, Purpose};
use crate::output::note;
use crate::problem::{Outcome, Problem};
use crate::signals::Signals;
use crate::{notify, values};
use exec::Exec;
use methods::Methods;
use told::Told;

/// Answer requests: with echo, sleep and fail, or with a shell command.
///
/// Prints one line per request. Without --exec, the methods are
///   echo   returns its arguments
///   sleep  waits for `seconds`, and returns them
///   fail   fails with `message`, `class` and `module`, each of which may be left out
///
/// With --exec, every method runs the command, by `sh -c`:
///   in   the standard input is {"method": …, "args": {…}, "context": {…}} as one line of JSON;
///        RPC_METHOD, RPC_TOPIC and RPC_SERVER are set
///   out  the standard output is the result: JSON if it is JSON, and a string otherwise;
///        nothing is null
///   a non-zero exit code is a failure, with the standard error as its message
///
/// The command is killed when its caller's deadline passes.
///
/// SIGINT or SIGTERM stops gracefully: nothing more is taken, what runs is finished and answered,
/// within --stop-timeout; the exit code is then 0. The second signal ends at once.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Example:\n  busway serve --topic greetings --server desk\n  busway serve \
                  --topic clock --exec date"
)]
pub(crate) struct Args {
    /// The topic to serve.
    #[arg(long)]
    pub(crate) topic: String,
    /// The name of this server among those of the topic; the name of the machine otherwise.
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
    /// The exchange; `control_exchange` of the configuration (openstack) otherwise.
    #[arg(long)]
    pub(crate) exchange: Option<String>,
    /// The namespace of the methods.
    #[arg(long)]
    pub(crate) namespace: Option<String>,
    /// The version of the interface; 1.0 otherwise.
    #[arg(long, value_name = "MAJOR.MINOR")]
    pub(crate) version: Option<Version>,
    /// The shell command that answers every method.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) exec: Option<String>,
    /// How many requests are handled at a time; `executor_thread_pool_size` of the configuration
    /// (64) otherwise.
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<usize>,
    /// How long a graceful stop may take.
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "30")]
    pub(crate) stop_timeout: Duration,
    /// Print each request as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Args {
    fn server(&self) -> String {
        self.server.clone().unwrap_or_else(notify::host)
    }

    fn target(&self) -> Target {
        let target = Target::new(self.topic.as_str()).with_server(self.server());
        match &self.exchange {
            Some(exchange) => target.with_exchange(exchange.as_str()),
            None => target,
        }
    }

    fn interface(&self) -> Target {
        let target = Target::default();
        let target = match &self.namespace {
            Some(namespace) => target.with_namespace(namespace.as_str()),
            None => target,
        };
        match self.version {
            Some(version) => target.with_version(version),
            None => target,
        }
    }
}

/// Serves until a signal comes or the subscription is lost.
pub(crate) async fn run(args: &Args, globals: &Globals) -> Outcome {
    let mut signals = Signals::take()?;
    let bus = Bus::open(globals, Purpose::Rpc).await?;
    bus.warn_if_alone();
    let mut server = start(args, &bus).await?;
    note(format_args!("serving {} at {}; Ctrl-C stops", server.target(), bus.shown));
    let ended = tokio::select! {
        signal = signals.next() => {
            note(format_args!("{signal}: finishing what runs; again to end at once"));
            Ok(())
        }
        ended = server.wait() => ended.map_err(Problem::from),
    };
    let stopping = async {
        let stopped = server.stop_within(args.stop_timeout).await;
        bus.close().await;
        stopped
    };
    let stopped = signals.or_at_once(stopping).await?;
    ended?;
    Ok(stopped?)
}

/// Starts the server that was asked for.
pub(crate) async fn start(args: &Args, bus: &Bus) -> Outcome<RpcServer> {
    let Some(command) = &args.exec else { return start_with(args, bus, Methods).await };
    let limits = bus.transport.config().limits();
    start_with(args, bus, Exec::new(command, &args.topic, &args.server(), limits)).await
}

async fn start_with(args: &Args, bus: &Bus, endpoint: impl Endpoint) -> Outcome<RpcServer> {
    let endpoint = Told::new(endpoint, args.interface(), args.json);
    let mut server = RpcServer::builder(&bus.transport, args.target()).endpoint(endpoint);
    if let Some(concurrency) = args.concurrency {
        server = server.concurrency(concurrency);
    }
    Ok(server.start().await?)
}

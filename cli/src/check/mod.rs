//! `busway check`: the way to a bus, step by step.

mod hosts;
mod steps;
mod trip;

use std::time::Duration;

use busway::driver::{DriverInfo, Registry};
use busway::url::TransportUrl;
use busway::{Config, Error, ErrorKind, Secret, Transport};

use crate::args::Globals;
use crate::bus;
use crate::exit::Exit;
use crate::problem::{Outcome, Problem};
use crate::values;
use steps::{Step, Steps};

/// Connect to a bus step by step and say what is wrong.
///
/// The steps are: the URL; its driver; for a bus on a network, the name and the port of each
/// host; opening the bus, which logs in; a call there and back over a topic of its own. The first
/// step that fails ends the check, but for hosts: one that can be reached is enough to go on. The
/// exit code is that of the step that failed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  busway check pika://user:password@rabbit-1,rabbit-2/")]
pub(crate) struct Args {
    /// The bus; that of --url or of the configuration otherwise.
    #[arg(value_name = "URL")]
    pub(crate) bus: Option<Secret>,
    /// How long each step may take.
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "10")]
    pub(crate) timeout: Duration,
    /// Go no further than opening the bus: send nothing.
    #[arg(long)]
    pub(crate) connect_only: bool,
    /// Print one JSON object with all steps.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Goes through the steps.
pub(crate) async fn run(args: &Args, globals: &Globals) -> Outcome {
    let config = globals.load()?;
    let named = args.bus.as_ref().or(globals.url.as_ref());
    let Some(url) = named.or(config.core().transport_url.as_ref()).cloned() else {
        let message = "no bus is named: give its URL, or set transport_url in the configuration";
        return Err(Problem::new(Exit::Usage, message).hint("busway check fake://"));
    };
    let mut steps = Steps::new(args.json);
    let checked = check(&mut steps, args, config, &url).await;
    steps.end()?;
    checked
}

async fn check(steps: &mut Steps, args: &Args, config: Config, url: &Secret) -> Outcome {
    let parsed = bus::parsed(url);
    let url = steps.needs("url", parsed, ToString::to_string)?;
    let registry = Registry::linked();
    let found = registry.find(url.scheme());
    let driver =
        steps.needs("driver", found, |driver| format!("{}: {}", driver.name, driver.summary))?;
    if bus::lives_in_process(&url) {
        steps.tell(&Step::skipped("hosts", "in memory: nothing to look up or to connect to"))?;
    } else {
        hosts::check(steps, &url, args.timeout).await?;
    }
    let transport = open(steps, args, config, &url, driver).await?;
    let tried = if args.connect_only {
        steps.tell(&Step::skipped("round trip", "not asked for"))
    } else {
        trip::check(steps, &transport, args.timeout).await
    };
    let closed = transport.close_within(args.timeout).await;
    tried?;
    steps.needs("close", closed, |()| "closed".to_owned())
}

/// Opens the bus: what fails in it is told by the kind of the error, and by the fact `step` where
/// the driver adds one (`tls`, `login`, `vhost`, `permission` …).
async fn open(
    steps: &mut Steps,
    args: &Args,
    config: Config,
    url: &TransportUrl,
    driver: &DriverInfo,
) -> Outcome<Transport> {
    let opening = Transport::builder().config(config).open_url(url.clone());
    let opened = tokio::time::timeout(args.timeout, opening).await.unwrap_or_else(|_| {
        let message =
            format!("the driver '{}' did not open it within {:?}", driver.name, args.timeout);
        Err(Error::new(ErrorKind::Timeout, message).attempted("open"))
    });
    let name = match &opened {
        Ok(_) => "open",
        Err(error) => failed_step(error),
    };
    steps.needs(name, opened, |transport| {
        let capabilities = transport.capabilities();
        let (can, all) = capabilities
            .iter()
            .fold((0, 0), |(can, all), (_, given)| (can + u8::from(given), all + 1));
        format!("{} is open; it does {can} of {all} things (see `busway drivers`)", driver.name)
    })
}

/// What to call the step of opening that failed.
fn failed_step(error: &Error) -> &'static str {
    let step = error.get("step").unwrap_or_default();
    let known = ["dns", "tcp", "tls", "handshake", "login", "vhost", "permission"];
    known.into_iter().find(|known| *known == step).unwrap_or(match error.kind() {
        ErrorKind::Configuration => "options",
        ErrorKind::Refused => "login",
        ErrorKind::Connection => "connect",
        _ => "open",
    })
}

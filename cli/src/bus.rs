//! Which bus a command talks to, and opening it.

use std::time::Duration;

use busway::config::{Config, ConfigBuilder};
use busway::driver::Registry;
use busway::url::TransportUrl;
use busway::{Error, ErrorKind, Secret, Transport};

use crate::args::Globals;
use crate::output::warn;
use crate::problem::{Outcome, Problem};

/// The driver whose bus lives within one process.
const IN_PROCESS: &str = "fake";
/// How long opening may take.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long closing may take once a command is done.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What a bus is opened for: notifications may have one of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Calls and casts.
    Rpc,
    /// Notifications: `[oslo_messaging_notifications] transport_url`, where there is one.
    Notifications,
}

/// An open bus.
#[derive(Debug)]
pub(crate) struct Bus {
    /// The transport.
    pub(crate) transport: Transport,
    /// The URL, with its secrets masked.
    pub(crate) shown: String,
    /// Whether nobody outside of this process is on it.
    pub(crate) in_process: bool,
}

impl Bus {
    /// Opens the bus of `--url`, else that of the configuration.
    pub(crate) async fn open(globals: &Globals, purpose: Purpose) -> Outcome<Self> {
        let config = globals.load()?;
        if let Some(url) = named(globals, &config, purpose)? {
            return Self::open_url(config, url).await;
        }
        let builder = Transport::builder().config(config);
        let opening = async {
            match purpose {
                Purpose::Rpc => builder.open_for_rpc().await,
                Purpose::Notifications => builder.open_for_notifications().await,
            }
        };
        let transport = in_time(opening).await?;
        Ok(Self { transport, shown: "the configured bus".to_owned(), in_process: false })
    }

    /// Opens the bus of `--url`, else that of the configuration, else this one.
    pub(crate) async fn open_or(globals: &Globals, purpose: Purpose, url: &str) -> Outcome<Self> {
        let config = globals.load()?;
        let url = match named(globals, &config, purpose)? {
            Some(url) => url,
            None => url.parse()?,
        };
        Self::open_url(config, url).await
    }

    /// Opens the bus of a URL.
    pub(crate) async fn open_url(config: Config, url: TransportUrl) -> Outcome<Self> {
        let shown = url.to_string();
        let in_process = lives_in_process(&url);
        let transport = in_time(Transport::builder().config(config).open_url(url)).await?;
        tracing::info!(url = shown, "connected");
        Ok(Self { transport, shown, in_process })
    }

    /// Warns when nobody else can be on this bus.
    pub(crate) fn warn_if_alone(&self) {
        if self.in_process {
            warn(format_args!(
                "{} is a bus inside this process: no other program is on it; \
                 name another bus with --url (`busway drivers` lists them)",
                self.shown
            ));
        }
    }

    /// Closes it; what goes wrong with that is logged.
    pub(crate) async fn close(self) {
        if let Err(error) = self.transport.close_within(CLOSE_TIMEOUT).await {
            tracing::warn!(%error, "the bus did not close cleanly");
        }
    }
}

/// Opens, in time.
async fn in_time(opening: impl Future<Output = busway::Result<Transport>>) -> Outcome<Transport> {
    let opened = tokio::time::timeout(OPEN_TIMEOUT, opening).await.unwrap_or_else(|_| {
        let message = format!("the bus did not open within {OPEN_TIMEOUT:?}");
        Err(Error::new(ErrorKind::Connection, message).attempted("open"))
    });
    Ok(opened?)
}

/// Whether the bus of a URL lives within one process.
pub(crate) fn lives_in_process(url: &TransportUrl) -> bool {
    Registry::linked().find(url.scheme()).is_ok_and(|driver| driver.name == IN_PROCESS)
}

/// The URL that a command is to use, where one is named.
fn named(globals: &Globals, config: &Config, purpose: Purpose) -> Outcome<Option<TransportUrl>> {
    let notifications = match purpose {
        Purpose::Rpc => None,
        Purpose::Notifications => config.notifications().transport_url.as_ref(),
    };
    let url = globals.url.as_ref().or(notifications).or(config.core().transport_url.as_ref());
    Ok(url.map(parsed).transpose()?)
}

/// A URL, parsed.
pub(crate) fn parsed(url: &Secret) -> busway::Result<TransportUrl> {
    url.expose().parse()
}

impl Globals {
    /// The configuration: files, environment.
    pub(crate) fn load(&self) -> Outcome<Config> {
        let files = self.config.iter();
        let config = files.fold(Config::builder(), ConfigBuilder::file);
        Ok(config.environment().build()?)
    }
}

/// The hint for a send that met nobody.
pub(crate) fn nobody_serves(
    problem: Problem,
    bus: &Bus,
    topic: &str,
    server: Option<&str>,
) -> Problem {
    if problem.exit() != crate::exit::Exit::Undeliverable {
        return problem;
    }
    if bus.in_process {
        return problem.hint(format!(
            "{} is a bus inside this process, so no other program can serve '{topic}' on it; \
             try `busway demo`, or name another bus with --url",
            bus.shown
        ));
    }
    let server = server.unwrap_or("NAME");
    problem.hint(format!(
        "nobody serves '{topic}': start `busway serve --topic {topic} --server {server}`, or \
         check the topic, the server and the exchange"
    ))
}

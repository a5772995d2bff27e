//! `busway notify`: a notification, as `oslo-messaging-send-notification` sends one.

use std::time::Duration;

use busway::Payload;
use busway::driver::Retry;
use busway::notify::{Notifier, Priority};

use crate::args::Globals;
use crate::bus::{Bus, Purpose};
use crate::output::say_json;
use crate::problem::Outcome;
use crate::values;

/// Send a notification.
///
/// The options are those of oslo.messaging's oslo-messaging-send-notification. Nothing is
/// printed: exit code 0 says that the bus has stored it. What is not given comes from the section
/// [oslo_messaging_notifications] of the configuration.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  busway notify --topic notifications --publisher-id shop.desk \\\n      \
                  --event-type order.created '{\"id\": 7}'"
)]
pub(crate) struct Args {
    /// The payload: JSON if it is JSON, and a string otherwise; - reads it from the standard
    /// input.
    pub(crate) payload: String,
    /// Who tells: service.host, by custom; busway.HOST otherwise.
    #[arg(long, alias = "publisher_id", value_name = "ID")]
    pub(crate) publisher_id: Option<String>,
    /// What happened.
    #[arg(long, alias = "event_type", value_name = "TYPE", default_value = "test")]
    pub(crate) event_type: String,
    /// A topic to send to; may be repeated. Otherwise the `topics` of the configuration
    /// (notifications).
    #[arg(long, value_delimiter = ',')]
    pub(crate) topic: Vec<String>,
    /// The exchange of the topics; `control_exchange` of the configuration (openstack) otherwise.
    #[arg(long)]
    pub(crate) exchange: Option<String>,
    /// How much it matters: audit, debug, info, warn, error, critical or sample.
    #[arg(long, default_value = "info")]
    pub(crate) priority: Priority,
    /// A sink to give it to: messaging, messagingv2, log, noop, routing or test; may be
    /// repeated. Otherwise the `driver` of the configuration (messagingv2).
    #[arg(long, value_name = "SINK", value_delimiter = ',')]
    pub(crate) driver: Vec<String>,
    /// How often a failed send is tried again: -1 for ever, 0 never, or a count.
    #[arg(long, value_name = "N", value_parser = values::retry, allow_negative_numbers = true)]
    pub(crate) retry: Option<Retry>,
    /// When to give up: seconds, or with a unit (500ms, 2s, 1m).
    #[arg(long, value_name = "TIME", value_parser = values::duration, default_value = "30")]
    pub(crate) timeout: Duration,
    /// What travels beside it; may be repeated. The value is JSON if it is JSON.
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::pair)]
    pub(crate) context: Vec<(String, Payload)>,
    /// Print `{"sent": true}`, or what went wrong, as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Sends it.
pub(crate) async fn run(args: &Args, globals: &Globals) -> Outcome {
    let payload = match args.payload.as_str() {
        "-" => values::json_or_text(&values::standard_input()?),
        text => values::json_or_text(text),
    };
    let bus = Bus::open(globals, Purpose::Notifications).await?;
    bus.warn_if_alone();
    let sent = send(args, &bus, &payload).await;
    bus.close().await;
    sent?;
    if args.json { say_json(&serde_json::json!({ "sent": true })) } else { Ok(()) }
}

async fn send(args: &Args, bus: &Bus, payload: &Payload) -> Outcome {
    let publisher = args.publisher_id.clone().unwrap_or_else(|| format!("busway.{}", host()));
    let mut notifier = Notifier::builder(&bus.transport)
        .publisher_id(publisher)
        .timeout(args.timeout)
        .context(values::context(&args.context)?);
    if !args.topic.is_empty() {
        notifier = notifier.topics(&args.topic);
    }
    if !args.driver.is_empty() {
        notifier = notifier.sinks(&args.driver);
    }
    if let Some(exchange) = &args.exchange {
        notifier = notifier.exchange(exchange.as_str());
    }
    if let Some(retry) = args.retry {
        notifier = notifier.retry(retry);
    }
    let notifier = notifier.build()?;
    Ok(notifier.notify(args.priority, &args.event_type, payload).await?)
}

/// The name of this machine.
pub(crate) fn host() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

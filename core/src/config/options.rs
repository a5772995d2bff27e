use serde::{Deserialize, Deserializer, Serialize};

use super::{Options, Seconds};
use crate::url::TransportUrl;
use crate::{Limits, Secret};

/// The core's own options: section `[DEFAULT]`, which a service's file may share with options of
/// its own.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct CoreOptions {
    /// The transport's URL: `scheme://[user:pass@]host[:port][,…]/vhost?option=value`.
    #[serde(deserialize_with = "none_if_empty")]
    pub transport_url: Option<Secret>,
    /// The name of the driver. Deprecated: it is the scheme of `transport_url`.
    pub rpc_backend: Option<String>,
    /// The exchange of targets that name none.
    pub control_exchange: String,
    /// How long a call waits for its reply.
    pub rpc_response_timeout: Seconds,
    /// How many requests a server handles at a time.
    #[schemars(range(min = 1))]
    pub executor_thread_pool_size: usize,
    /// Whether a server answers to the method `oslo_rpc_server_ping`.
    pub rpc_ping_enabled: bool,
    /// The largest body that is sent or read, in bytes.
    #[schemars(range(min = 1))]
    pub max_body_size: usize,
    /// The deepest nesting of arrays and objects that is sent or read.
    #[schemars(range(min = 1, max = Limits::DEEPEST))]
    pub max_body_depth: usize,
}

impl Default for CoreOptions {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            transport_url: None,
            rpc_backend: None,
            control_exchange: "openstack".to_owned(),
            rpc_response_timeout: Seconds::new(60),
            executor_thread_pool_size: 64,
            rpc_ping_enabled: false,
            max_body_size: limits.max_size,
            max_body_depth: limits.max_depth,
        }
    }
}

impl Options for CoreOptions {
    const SECTION: &'static str = "DEFAULT";

    fn check(&self) -> Result<(), (&'static str, String)> {
        check_url(self.transport_url.as_ref())?;
        if self.rpc_response_timeout.is_zero() {
            return Err(("rpc_response_timeout", "no reply comes in no time".to_owned()));
        }
        Ok(())
    }
}

/// Reads a URL; for oslo.messaging, an empty one is none.
fn none_if_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let url = Option::<Secret>::deserialize(deserializer)?;
    Ok(url.filter(|url| !url.expose().is_empty()))
}

/// Checks that a `transport_url` is a URL.
fn check_url(url: Option<&Secret>) -> Result<(), (&'static str, String)> {
    let parsed = url.map_or(Ok(()), |url| TransportUrl::parse_quietly(url.expose()).map(drop));
    parsed.map_err(|error| ("transport_url", error.message().to_owned()))
}

/// The options of notifiers: section `[oslo_messaging_notifications]`.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct NotificationOptions {
    /// The sinks that a notification goes to: `messaging`, `messagingv2`, `log`, `noop`,
    /// `routing`, `test`; several at once. May be repeated.
    #[schemars(extend("x-multi" = true))]
    pub driver: Vec<String>,
    /// The URL of the notifications' own transport; without one, that of `[DEFAULT]`.
    #[serde(deserialize_with = "none_if_empty")]
    pub transport_url: Option<Secret>,
    /// The topics that a notification goes to.
    pub topics: Vec<String>,
    /// How often a failed notification is sent again: -1 for ever, 0 never, or a count; without
    /// one, as the bus is configured, which is for ever unless it says otherwise.
    #[schemars(range(min = -1, max = 4_294_967_295_i64))]
    pub retry: Option<i64>,
    /// The YAML file with the rules of the sink `routing`.
    pub routing_config: Option<String>,
}

impl Default for NotificationOptions {
    fn default() -> Self {
        Self {
            driver: Vec::new(),
            transport_url: None,
            topics: vec!["notifications".to_owned()],
            retry: None,
            routing_config: None,
        }
    }
}

impl Options for NotificationOptions {
    const SECTION: &'static str = "oslo_messaging_notifications";

    fn check(&self) -> Result<(), (&'static str, String)> {
        check_url(self.transport_url.as_ref())
    }
}

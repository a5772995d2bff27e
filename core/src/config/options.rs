use serde::{Deserialize, Serialize};

use super::{Options, Seconds};
use crate::Secret;

/// The core's own options: section `[DEFAULT]`, which a service's file may share with options of
/// its own.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct CoreOptions {
    /// The transport's URL: `scheme://[user:pass@]host[:port][,…]/vhost?option=value`.
    pub transport_url: Option<Secret>,
    /// The name of the driver. Deprecated: it is the scheme of `transport_url`.
    pub rpc_backend: Option<String>,
    /// The exchange of targets that name none.
    pub control_exchange: String,
    /// How long a call waits for its reply.
    pub rpc_response_timeout: Seconds,
    /// How many requests a server handles at a time.
    pub executor_thread_pool_size: usize,
    /// Whether a server answers to the method `oslo_rpc_server_ping`.
    pub rpc_ping_enabled: bool,
    /// The largest body that is sent or read, in bytes.
    pub max_body_size: usize,
    /// The deepest nesting of arrays and objects that is sent or read.
    pub max_body_depth: usize,
}

impl Default for CoreOptions {
    fn default() -> Self {
        let limits = crate::Limits::default();
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
}

/// The options of notifiers: section `[oslo_messaging_notifications]`.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct NotificationOptions {
    /// The sinks that a notification goes to: `messaging`, `messagingv2`, `log`, `noop`,
    /// `routing`, `test`; several at once.
    pub driver: Vec<String>,
    /// The URL of the notifications' own transport; without one, that of `[DEFAULT]`.
    pub transport_url: Option<Secret>,
    /// The topics that a notification goes to.
    pub topics: Vec<String>,
    /// How often a failed notification is sent again: -1 for ever, 0 never, or a count.
    pub retry: i64,
    /// The YAML file with the rules of the sink `routing`.
    pub routing_config: Option<String>,
}

impl Default for NotificationOptions {
    fn default() -> Self {
        Self {
            driver: Vec::new(),
            transport_url: None,
            topics: vec!["notifications".to_owned()],
            retry: -1,
            routing_config: None,
        }
    }
}

impl Options for NotificationOptions {
    const SECTION: &'static str = "oslo_messaging_notifications";
}

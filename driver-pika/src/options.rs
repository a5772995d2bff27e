//! The options of section `[oslo_messaging_pika]`.

use busway_core::config::{Options, Seconds};
use busway_core::{Format, Secret};
use serde::{Deserialize, Serialize};

use crate::connect::SHORT;
use crate::ssl::SslOptions;

/// How connections are shared; those of RPC are never those of notifications.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ConnectionFactory {
    /// A connection of its own for each listener, one for replies, and one for publishing.
    New,
    /// One connection for both ways.
    #[default]
    Single,
    /// One connection for consuming, another for publishing: an alarm of the broker that blocks
    /// publishers then does not stop acknowledgements.
    ReadWrite,
}

/// The options of the pika driver; names and defaults are those of oslo.messaging.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct PikaOptions {
    /// The most channels of a connection; the broker's own limit without one.
    pub channel_max: Option<u16>,
    /// The largest frame, in bytes; 16384 without one.
    pub frame_max: Option<u32>,
    /// The time between heartbeats, in seconds; 0 turns them off.
    pub heartbeat_interval: u16,
    /// Whether the connection is encrypted (TLS); the scheme `pika+tls` says so too.
    pub ssl: bool,
    /// How the connection is encrypted: a dictionary with `ca_certs`, `certfile`, `keyfile`,
    /// `cert_reqs` and `ssl_version`, as JSON or as Python writes it.
    pub ssl_options: Option<Secret>,
    /// How long connecting a socket may take, in seconds.
    pub socket_timeout: Seconds,
    /// How long the TLS handshake and the login may take, in seconds.
    pub login_timeout: Seconds,
    /// How long sent data may stay unacknowledged by the peer's TCP before the connection is
    /// given up, in seconds; 0 leaves it to the system.
    pub tcp_user_timeout: Seconds,
    /// How long a host that failed is left alone, in seconds.
    pub host_connection_reconnect_delay: Seconds,
    /// How connections are shared, those of RPC and those of notifications apart.
    pub connection_factory: ConnectionFactory,
    /// The most publishing channels that are kept for an exchange.
    pub pool_max_size: usize,
    /// How many publishing channels more may be opened when all of those are busy.
    pub pool_max_overflow: usize,
    /// How long to wait for a publishing channel, in seconds, when all are busy.
    pub pool_timeout: Seconds,
    /// The age at which a publishing channel is replaced, in seconds.
    pub pool_recycle: Seconds,
    /// How long a publishing channel may lie idle before it is replaced, in seconds.
    pub pool_stale: Seconds,
    /// How bodies are written; what is received is read by its content type.
    pub default_serializer_type: Format,
    /// Whether notifications survive a restart of the broker: durable exchange and queues,
    /// persistent messages.
    pub notification_persistence: bool,
    /// The exchange of notifications whose target names none.
    pub default_notification_exchange: String,
    /// How many unacknowledged notifications a listener is given at a time.
    pub notification_listener_prefetch_count: u16,
    /// How often a failed notification is sent again when the caller does not say: -1 for ever.
    pub default_notification_retry_attempts: i64,
    /// The time between those attempts, in seconds.
    pub notification_retry_delay: Seconds,
    /// How long an unused queue of RPC lives, in seconds.
    pub rpc_queue_expiration: Seconds,
    /// The exchange of requests whose target names none.
    pub default_rpc_exchange: String,
    /// The exchange of replies.
    pub rpc_reply_exchange: String,
    /// How many unacknowledged requests a server is given at a time.
    pub rpc_listener_prefetch_count: u16,
    /// How many unacknowledged replies a client is given at a time.
    pub rpc_reply_listener_prefetch_count: u16,
    /// How often a failed reply is sent again: -1 until the request expires.
    pub rpc_reply_retry_attempts: i64,
    /// The time between those attempts, in seconds.
    pub rpc_reply_retry_delay: Seconds,
    /// How often a failed request is sent again when the caller does not say: -1 for ever.
    pub default_rpc_retry_attempts: i64,
    /// The time between those attempts, in seconds.
    pub rpc_retry_delay: Seconds,
    /// How often the hosts of the URL are tried in turn before opening fails (pika's own); once
    /// alone when each of them refuses for good, for a wrong password, say.
    pub connection_attempts: u32,
    /// The time between those attempts, in seconds (pika's own).
    pub retry_delay: Seconds,
    /// The locale that the broker is asked for (pika's own).
    pub locale: String,
    /// Whether the events `Blocked` and `Unblocked` are told (pika's own).
    pub backpressure_detection: bool,
}

impl Default for PikaOptions {
    fn default() -> Self {
        let quarter = Seconds::from_millis(250);
        Self {
            channel_max: None,
            frame_max: None,
            heartbeat_interval: 1,
            ssl: false,
            ssl_options: None,
            socket_timeout: quarter,
            login_timeout: Seconds::new(5),
            tcp_user_timeout: quarter,
            host_connection_reconnect_delay: quarter,
            connection_factory: ConnectionFactory::default(),
            pool_max_size: 10,
            pool_max_overflow: 0,
            pool_timeout: Seconds::new(30),
            pool_recycle: Seconds::new(600),
            pool_stale: Seconds::new(60),
            default_serializer_type: Format::Json,
            notification_persistence: false,
            default_notification_exchange: "${control_exchange}_notification".to_owned(),
            notification_listener_prefetch_count: 100,
            default_notification_retry_attempts: -1,
            notification_retry_delay: quarter,
            rpc_queue_expiration: Seconds::new(60),
            default_rpc_exchange: "${control_exchange}_rpc".to_owned(),
            rpc_reply_exchange: "${control_exchange}_rpc_reply".to_owned(),
            rpc_listener_prefetch_count: 100,
            rpc_reply_listener_prefetch_count: 100,
            rpc_reply_retry_attempts: -1,
            rpc_reply_retry_delay: quarter,
            default_rpc_retry_attempts: -1,
            rpc_retry_delay: quarter,
            connection_attempts: 1,
            retry_delay: quarter,
            locale: "en_US".to_owned(),
            backpressure_detection: true,
        }
    }
}

impl Options for PikaOptions {
    const SECTION: &'static str = "oslo_messaging_pika";

    fn check(&self) -> Result<(), (&'static str, String)> {
        let retries = [
            ("default_notification_retry_attempts", self.default_notification_retry_attempts),
            ("rpc_reply_retry_attempts", self.rpc_reply_retry_attempts),
            ("default_rpc_retry_attempts", self.default_rpc_retry_attempts),
        ];
        for (name, value) in retries {
            if value < -1 || u32::try_from(value.max(0)).is_err() {
                return Err((name, format!("{value}: expected -1 (for ever), 0 or a count")));
            }
        }
        if self.pool_max_size == 0 {
            return Err(("pool_max_size", "0: a pool needs a channel to lend".to_owned()));
        }
        if self.connection_attempts == 0 {
            return Err(("connection_attempts", "0: expected 1 or more".to_owned()));
        }
        if self.locale.len() > SHORT {
            return Err(("locale", format!("longer than {SHORT} bytes")));
        }
        if let Some(text) = &self.ssl_options {
            SslOptions::parse(text.expose()).map_err(|why| ("ssl_options", why))?;
        }
        if self.frame_max.is_some_and(|bytes| bytes < 4096) {
            return Err(("frame_max", "below 4096 bytes, the least that AMQP allows".to_owned()));
        }
        Ok(())
    }
}

//! The options of section `[oslo_messaging_amqp]`.

use busway_core::Secret;
use busway_core::config::{Options, Seconds};
use serde::{Deserialize, Serialize};

/// How the addresses of messages are written.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum AddressingMode {
    /// As qpidd has them: `unicast.exchange.topic`.
    Legacy,
    /// As message routers have them: `openstack.org/om/rpc/anycast/exchange/topic`.
    Routable,
    /// Legacy when the peer says that it is `qpid-cpp`, or says nothing; routable otherwise.
    #[default]
    Dynamic,
}

/// What is sent settled: without waiting for what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum PreSettled {
    /// The requests of calls.
    RpcCall,
    /// Casts, fan-outs included.
    RpcCast,
    /// Replies and failures.
    RpcReply,
    /// Notifications: `Ok` no longer means that one was stored.
    Notify,
}

/// The options of the AMQP 1.0 driver; names and defaults are those of oslo.messaging.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools, reason = "options, named as oslo.messaging has them")]
pub struct AmqpOptions {
    /// The name by which the peer knows this client; a fresh UUID without one.
    pub container_name: Option<String>,
    /// How long the connection may be silent before it counts as dead, in seconds; 0 turns that
    /// off. The peer is asked to keep to it too.
    pub idle_timeout: u32,
    /// Whether the frames of the connection are logged, without the bodies of messages and without
    /// secrets, at level `trace` of the target `busway_driver_amqp1::frames`.
    pub trace: bool,
    /// Whether the connection is encrypted (TLS); the scheme `amqps` says so too.
    pub ssl: bool,
    /// The file with the certificates of the authorities that are trusted, in PEM; the system's
    /// without one.
    pub ssl_ca_file: Option<String>,
    /// The file with this client's certificate, in PEM.
    pub ssl_cert_file: Option<String>,
    /// The file with the private key of that certificate, in PEM.
    pub ssl_key_file: Option<String>,
    /// The password of the private key, when it is encrypted.
    pub ssl_key_password: Option<Secret>,
    /// Whether the peer's certificate has to stand for the virtual host instead of the host.
    pub ssl_verify_vhost: bool,
    /// The SASL mechanisms that may be used, with spaces between; any that is known without one.
    pub sasl_mechanisms: String,
    /// The folder of Cyrus SASL's configuration: known for oslo.messaging's sake, without effect.
    pub sasl_config_dir: String,
    /// The name of Cyrus SASL's configuration: known for oslo.messaging's sake, without effect.
    pub sasl_config_name: String,
    /// What is appended to a user name that names no realm itself, as `user@realm`.
    pub sasl_default_realm: String,
    /// The time before another attempt to connect, in seconds.
    pub connection_retry_interval: Seconds,
    /// What is added to that time after each failed attempt, in seconds.
    pub connection_retry_backoff: Seconds,
    /// The most that time may grow to, in seconds.
    pub connection_retry_interval_max: Seconds,
    /// The time before a link that the peer closed is attached again, and before a message that
    /// was given back is sent again, in seconds.
    pub link_retry_delay: Seconds,
    /// How often a failed reply is sent again: -1 until the request expires.
    pub default_reply_retry: i64,
    /// How long sending a reply may take, in seconds.
    pub default_reply_timeout: Seconds,
    /// How long sending a cast may take when the caller does not say, in seconds; calls have
    /// `rpc_response_timeout`.
    pub default_send_timeout: Seconds,
    /// How long sending a notification may take when the caller does not say, in seconds.
    pub default_notify_timeout: Seconds,
    /// How long a link to a destination may lie idle before it is detached, in seconds.
    pub default_sender_link_timeout: Seconds,
    /// How the addresses of messages are written.
    pub addressing_mode: AddressingMode,
    /// Whether the virtual host is a part of the addresses; otherwise the peer is told it when the
    /// connection is opened.
    pub pseudo_vhost: bool,
    /// What legacy addresses of one server begin with.
    pub server_request_prefix: String,
    /// What legacy addresses of all servers begin with.
    pub broadcast_prefix: String,
    /// What legacy addresses of any server begin with.
    pub group_request_prefix: String,
    /// What routable addresses of RPC begin with.
    pub rpc_address_prefix: String,
    /// What routable addresses of notifications begin with.
    pub notify_address_prefix: String,
    /// The part of routable addresses that stands for all servers.
    pub multicast_address: String,
    /// The part of routable addresses that stands for one server.
    pub unicast_address: String,
    /// The part of routable addresses that stands for any server.
    pub anycast_address: String,
    /// The exchange of notifications whose target names none, in routable addresses;
    /// `control_exchange` without one.
    pub default_notification_exchange: Option<String>,
    /// The exchange of requests whose target names none, in routable addresses; `control_exchange`
    /// without one.
    pub default_rpc_exchange: Option<String>,
    /// How many replies the peer may send ahead.
    #[schemars(range(min = 1))]
    pub reply_link_credit: u32,
    /// How many requests the peer may send ahead, for each address of a server.
    #[schemars(range(min = 1))]
    pub rpc_server_credit: u32,
    /// How many notifications the peer may send ahead, for each topic and priority.
    #[schemars(range(min = 1))]
    pub notify_server_credit: u32,
    /// What is sent settled, without waiting for what becomes of it.
    #[schemars(extend("x-multi" = true))]
    pub pre_settled: Vec<PreSettled>,
}

impl Default for AmqpOptions {
    fn default() -> Self {
        Self {
            container_name: None,
            idle_timeout: 0,
            trace: false,
            ssl: false,
            ssl_ca_file: None,
            ssl_cert_file: None,
            ssl_key_file: None,
            ssl_key_password: None,
            ssl_verify_vhost: false,
            sasl_mechanisms: String::new(),
            sasl_config_dir: String::new(),
            sasl_config_name: String::new(),
            sasl_default_realm: String::new(),
            connection_retry_interval: Seconds::new(1),
            connection_retry_backoff: Seconds::new(2),
            connection_retry_interval_max: Seconds::new(30),
            link_retry_delay: Seconds::new(10),
            default_reply_retry: 0,
            default_reply_timeout: Seconds::new(30),
            default_send_timeout: Seconds::new(30),
            default_notify_timeout: Seconds::new(30),
            default_sender_link_timeout: Seconds::new(600),
            addressing_mode: AddressingMode::default(),
            pseudo_vhost: true,
            server_request_prefix: "exclusive".to_owned(),
            broadcast_prefix: "broadcast".to_owned(),
            group_request_prefix: "unicast".to_owned(),
            rpc_address_prefix: "openstack.org/om/rpc".to_owned(),
            notify_address_prefix: "openstack.org/om/notify".to_owned(),
            multicast_address: "multicast".to_owned(),
            unicast_address: "unicast".to_owned(),
            anycast_address: "anycast".to_owned(),
            default_notification_exchange: None,
            default_rpc_exchange: None,
            reply_link_credit: 200,
            rpc_server_credit: 100,
            notify_server_credit: 100,
            pre_settled: vec![PreSettled::RpcCast, PreSettled::RpcReply],
        }
    }
}

impl AmqpOptions {
    /// Whether this is sent settled.
    pub(crate) fn settles(&self, what: PreSettled) -> bool {
        self.pre_settled.contains(&what)
    }
}

impl Options for AmqpOptions {
    const SECTION: &'static str = "oslo_messaging_amqp";

    fn check(&self) -> Result<(), (&'static str, String)> {
        let retry = self.default_reply_retry;
        if retry < -1 || u32::try_from(retry.max(0)).is_err() {
            let what = format!("{retry}: expected -1 (until the request expires), 0 or a count");
            return Err(("default_reply_retry", what));
        }
        let credits = [
            ("reply_link_credit", self.reply_link_credit),
            ("rpc_server_credit", self.rpc_server_credit),
            ("notify_server_credit", self.notify_server_credit),
        ];
        if let Some((name, _)) = credits.into_iter().find(|(_, credit)| *credit == 0) {
            return Err((name, "0: without credit nothing is ever received".to_owned()));
        }
        let times = [
            ("connection_retry_interval", self.connection_retry_interval),
            ("connection_retry_interval_max", self.connection_retry_interval_max),
            ("link_retry_delay", self.link_retry_delay),
            ("default_reply_timeout", self.default_reply_timeout),
            ("default_send_timeout", self.default_send_timeout),
            ("default_notify_timeout", self.default_notify_timeout),
            ("default_sender_link_timeout", self.default_sender_link_timeout),
        ];
        match times.into_iter().find(|(_, time)| time.is_zero()) {
            Some((name, _)) => Err((name, "0: expected a time, in seconds".to_owned())),
            None => Ok(()),
        }
    }
}

//! pika's connection parameters, as a program sets them or as a URL says them.

mod credentials;
mod from_url;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod to_url;

use std::collections::BTreeMap;
use std::time::Duration;

pub use credentials::Credentials;

use crate::options::PikaOptions;
use crate::ssl::SslOptions;

/// How to connect to one host of RabbitMQ: the twin of pika's `ConnectionParameters`.
///
/// A transport is opened with its [URL](Self::to_url). What is `None` there is left to the
/// configuration; everything else goes over it.
///
/// ```
/// use busway_core::{Transport, TransportUrl};
/// use busway_driver_pika::{ConnectionParameters, Credentials, SslOptions};
///
/// let parameters = ConnectionParameters {
///     host: "rabbit-1".to_owned(),
///     virtual_host: "shop".to_owned(),
///     credentials: Credentials::plain("shop", "hunter2"),
///     heartbeat_interval: 10,
///     ssl: true,
///     ssl_options: SslOptions { ca_certs: Some("/etc/shop/ca.pem".into()), ..SslOptions::default() },
///     ..ConnectionParameters::default()
/// };
/// let url: TransportUrl = parameters.to_url()?;
/// assert_eq!((url.scheme(), url.variant()), ("pika", Some("tls")));
/// assert_eq!(url.option("heartbeat_interval"), Some("10"));
/// assert_eq!(ConnectionParameters::from_url(url.to_secret_string().expose())?, parameters);
/// # async {
/// let transport = Transport::builder().open_url(url).await?;
/// # transport.close().await
/// # };
/// # Ok::<(), busway_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionParameters {
    /// The name or address; an IPv6 address without brackets.
    pub host: String,
    /// The port; 5672, or 5671 with TLS, without one.
    pub port: Option<u16>,
    /// The virtual host.
    pub virtual_host: String,
    /// Who logs in.
    pub credentials: Credentials,
    /// The most channels of a connection; 0 for the broker's own limit.
    pub channel_max: Option<u16>,
    /// The largest frame, in bytes.
    pub frame_max: Option<u32>,
    /// The time between heartbeats, in seconds; 0 turns them off.
    pub heartbeat_interval: u16,
    /// How often the host is tried before opening fails.
    pub connection_attempts: u32,
    /// The time between those attempts.
    pub retry_delay: Duration,
    /// How long connecting a socket may take.
    pub socket_timeout: Duration,
    /// The locale that the broker is asked for.
    pub locale: String,
    /// Whether the connection is encrypted.
    pub ssl: bool,
    /// How it is encrypted.
    pub ssl_options: SslOptions,
    /// Whether the events `Blocked` and `Unblocked` are told.
    pub backpressure_detection: bool,
    /// Further options of section `[oslo_messaging_pika]`, by name, as a URL's query says them.
    pub options: BTreeMap<String, String>,
}

impl Default for ConnectionParameters {
    /// This machine's broker, as `guest`, with the defaults of the options.
    fn default() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: None,
            virtual_host: "/".to_owned(),
            credentials: Credentials::default(),
            ssl_options: SslOptions::default(),
            options: BTreeMap::new(),
            ..Self::of(&PikaOptions::default())
        }
    }
}

impl ConnectionParameters {
    /// What the options say of a connection; the rest is empty.
    fn of(options: &PikaOptions) -> Self {
        Self {
            host: String::new(),
            port: None,
            virtual_host: String::new(),
            credentials: Credentials::External,
            channel_max: options.channel_max,
            frame_max: options.frame_max,
            heartbeat_interval: options.heartbeat_interval,
            connection_attempts: options.connection_attempts,
            retry_delay: *options.retry_delay,
            socket_timeout: *options.socket_timeout,
            locale: options.locale.clone(),
            ssl: options.ssl,
            ssl_options: SslOptions::default(),
            backpressure_detection: options.backpressure_detection,
            options: BTreeMap::new(),
        }
    }
}

use std::collections::BTreeMap;
use std::str::FromStr;

use busway_core::url::Host;
use busway_core::{Config, Error, ErrorKind, Result, TransportUrl};

use super::to_url::FIELDS;
use super::{ConnectionParameters, Credentials};
use crate::options::PikaOptions;
use crate::ssl::SslOptions;

impl ConnectionParameters {
    /// Reads a URL of one host, as pika's `URLParameters` does: `amqp://` and `amqps://`, or
    /// `pika://` and `pika+tls://`, with the parameters in its query.
    ///
    /// Of pika's newer names `heartbeat` is known too, and `t` and `f` stand for yes and no. What
    /// has no field of its own is kept among the further options.
    ///
    /// ```
    /// use busway_driver_pika::{ConnectionParameters, Credentials};
    ///
    /// let parameters = ConnectionParameters::from_url(
    ///     "amqps://shop:hunter2@rabbit-1/%2F?heartbeat_interval=10&backpressure_detection=t",
    /// )?;
    /// assert!(parameters.ssl && parameters.backpressure_detection);
    /// assert_eq!(parameters.credentials, Credentials::plain("shop", "hunter2"));
    /// assert_eq!((parameters.virtual_host.as_str(), parameters.heartbeat_interval), ("/", 10));
    /// # Ok::<(), busway_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] for what is no URL, or one of several hosts;
    /// [`ErrorKind::UnknownScheme`] for another scheme; [`ErrorKind::Configuration`] for an
    /// unknown option or a bad value.
    pub fn from_url(text: &str) -> Result<Self> {
        Self::read(&text.parse()?)
    }

    fn read(url: &TransportUrl) -> Result<Self> {
        let ssl = is_encrypted(url)?;
        let url = &with_known_names(url)?;
        let host = one_host(url)?;
        let options: PikaOptions = Config::new().driver_section(url)?;
        if ssl && url.option("ssl").is_some() && !options.ssl {
            let message = "ssl: the scheme says otherwise";
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        let ssl = ssl || options.ssl;
        let ssl_options = match &options.ssl_options {
            Some(text) => text.expose().parse()?,
            None => SslOptions::default(),
        };
        let default = Self::default();
        Ok(Self {
            host: Some(host.hostname).filter(|name| !name.is_empty()).unwrap_or(default.host),
            port: host.port,
            virtual_host: url.vhost().map_or(default.virtual_host, str::to_owned),
            credentials: match host.credentials {
                Some(given) => {
                    Credentials::plain(given.username, given.password.unwrap_or_default())
                }
                None if ssl && ssl_options.certfile.is_some() => Credentials::External,
                None => default.credentials,
            },
            ssl,
            ssl_options,
            options: further(url),
            ..Self::of(&options)
        })
    }
}

/// Whether the scheme says so.
fn is_encrypted(url: &TransportUrl) -> Result<bool> {
    match (url.scheme(), url.variant()) {
        ("pika" | "amqp", None) => Ok(false),
        ("amqps", None) | ("pika", Some("tls")) => Ok(true),
        (scheme, _) => {
            let message = format!(
                "'{scheme}' is no scheme of RabbitMQ; known are amqp, amqps, pika and pika+tls"
            );
            Err(Error::new(ErrorKind::UnknownScheme, message))
        }
    }
}

/// The URL with the names and the words of the options here for those of pika.
fn with_known_names(url: &TransportUrl) -> Result<TransportUrl> {
    let mut known = TransportUrl::new("pika")?;
    known = url.hosts().iter().cloned().fold(known, TransportUrl::with_host);
    known = known.with_vhost(url.vhost().unwrap_or_default());
    for (name, value) in url.query() {
        let name = if name == "heartbeat" { "heartbeat_interval" } else { name };
        let value = match (name, value.as_str()) {
            ("backpressure_detection", "t" | "T") => "true",
            ("backpressure_detection", "f" | "F") => "false",
            (_, value) => value,
        };
        if known.option(name).is_some() {
            let message = format!("{name}: the URL says it by two names");
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        known = known.with_option(name, value);
    }
    Ok(known)
}

fn one_host(url: &TransportUrl) -> Result<Host> {
    match url.hosts() {
        [] => Ok(Host::default()),
        [host] => Ok(host.clone()),
        hosts => {
            let message =
                format!("connection parameters are those of one host, not {}", hosts.len());
            Err(Error::new(ErrorKind::InvalidUrl, message))
        }
    }
}

fn further(url: &TransportUrl) -> BTreeMap<String, String> {
    let has_field = |name: &str| name == "ssl" || FIELDS.contains(&name);
    url.query().iter().filter(|(name, _)| !has_field(name)).cloned().collect()
}

impl FromStr for ConnectionParameters {
    type Err = Error;

    /// As [`ConnectionParameters::from_url`].
    fn from_str(text: &str) -> Result<Self> {
        Self::from_url(text)
    }
}

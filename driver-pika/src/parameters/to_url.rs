use busway_core::url::Host;
use busway_core::{Error, ErrorKind, Result, TransportUrl};

use super::{ConnectionParameters, Credentials};
use crate::ssl::SslOptions;

/// The options that have a field of their own, beside `ssl`, which the scheme says.
pub(super) const FIELDS: [&str; 9] = [
    "channel_max",
    "frame_max",
    "heartbeat_interval",
    "connection_attempts",
    "retry_delay",
    "socket_timeout",
    "locale",
    "ssl_options",
    "backpressure_detection",
];

impl ConnectionParameters {
    /// The URL that says the same, of scheme `pika` or `pika+tls`.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for parameters that do not go together: external credentials
    /// without a client certificate, `ssl_options` without `ssl`, no host, no virtual host, or
    /// among the further options one that has a field.
    pub fn to_url(&self) -> Result<TransportUrl> {
        self.check()?;
        let mut host = Host::new(&self.host);
        host.port = self.port;
        if let Credentials::Plain { username, password } = &self.credentials {
            host = host.with_credentials(username, password.clone());
        }
        let scheme = if self.ssl { "pika+tls" } else { "pika" };
        let mut url = TransportUrl::new(scheme)?.with_host(host).with_vhost(&self.virtual_host);
        let seconds = |duration: std::time::Duration| duration.as_secs_f64().to_string();
        let said = [
            ("channel_max", self.channel_max.map(|it| it.to_string())),
            ("frame_max", self.frame_max.map(|it| it.to_string())),
            ("heartbeat_interval", Some(self.heartbeat_interval.to_string())),
            ("connection_attempts", Some(self.connection_attempts.to_string())),
            ("retry_delay", Some(seconds(self.retry_delay))),
            ("socket_timeout", Some(seconds(self.socket_timeout))),
            ("locale", Some(self.locale.clone())),
            ("ssl_options", self.ssl.then(|| self.ssl_options.to_string())),
            ("backpressure_detection", Some(self.backpressure_detection.to_string())),
        ];
        for (name, value) in said {
            if let Some(value) = value {
                url = url.with_option(name, value);
            }
        }
        let further = self.options.iter();
        Ok(further.fold(url, |url, (name, value)| url.with_option(name, value)))
    }

    fn check(&self) -> Result<()> {
        let wrong = |message: &str| Err(Error::new(ErrorKind::Configuration, message));
        if self.host.is_empty() {
            return wrong("host: a connection needs one");
        }
        if self.virtual_host.is_empty() {
            return wrong("virtual_host: the one that is named by nothing cannot be asked for");
        }
        if self.credentials == Credentials::External
            && !(self.ssl && self.ssl_options.certfile.is_some())
        {
            return wrong("credentials: external ones need ssl and a certfile in ssl_options");
        }
        if !self.ssl && self.ssl_options != SslOptions::default() {
            return wrong("ssl_options: the connection is not encrypted; set ssl");
        }
        let field = |name: &&String| *name == "ssl" || FIELDS.contains(&name.as_str());
        if let Some(name) = self.options.keys().find(field) {
            return wrong(&format!("options: '{name}' has a field of its own"));
        }
        Ok(())
    }
}

impl TryFrom<&ConnectionParameters> for TransportUrl {
    type Error = Error;

    /// As [`ConnectionParameters::to_url`].
    fn try_from(parameters: &ConnectionParameters) -> Result<Self> {
        parameters.to_url()
    }
}

//! Opening one connection: socket, TLS, login, each within its deadline.

mod bytes;
mod reactor;
mod refusal;
mod socket;
mod tls;
mod tune;

use std::time::Duration;

use async_compat::CompatExt;
use busway_core::net::{Handshake, KillSwitch, Tls};
use busway_core::url::{Credentials, Host};
use busway_core::{Error, ErrorKind, Result, TransportUrl};
use lapin::AsyncTcpStream;
use lapin::uri::{
    AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo, SASLMechanism,
};
use lapin::{Connection, ConnectionProperties};
use tokio::net::TcpStream;
use tokio::time::Instant;

pub(crate) use refusal::{describe, is_not_found, is_of_a_channel, is_of_the_connection};

use crate::options::PikaOptions;
use crate::ssl::SslOptions;
use bytes::Bytes;
use refusal::Login;

/// The port of AMQP 0-9-1 when the URL names none.
const DEFAULT_PORT: u16 = 5672;
/// The same, over TLS.
const DEFAULT_TLS_PORT: u16 = 5671;
/// The frame size when none is configured: the client library's own default costs megabytes.
const DEFAULT_FRAME_MAX: u32 = 16 * 1024;
/// The host when the URL names none.
const DEFAULT_HOST: &str = "localhost";
/// The longest text of AMQP's type for short ones, in bytes.
pub(crate) const SHORT: usize = 255;

/// Everything that connecting to one of the hosts needs.
#[derive(Clone, Debug)]
pub(crate) struct Connecting {
    pub(crate) options: PikaOptions,
    vhost: String,
    tls: Option<Tls>,
}

/// An open connection, and the means to end it whatever state it is in.
pub(crate) struct Connected {
    pub(crate) connection: Connection,
    pub(crate) kill: KillSwitch,
}

impl Connecting {
    /// What the URL and the options say together.
    pub(crate) fn new(url: &TransportUrl, options: PikaOptions) -> Result<Self> {
        let vhost = url.vhost().unwrap_or("/").to_owned();
        if vhost.len() > SHORT {
            let message = format!("the virtual host's name is longer than {SHORT} bytes");
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        let tls = encryption(url, &options)?;
        Ok(Self { options, vhost, tls })
    }

    /// Connects to a host: `socket_timeout` for TCP, then `login_timeout` for TLS and login.
    pub(crate) async fn connect(&self, host: &Host, deadline: Instant) -> Result<Connected> {
        let name = if host.hostname.is_empty() { DEFAULT_HOST } else { &host.hostname };
        let default_port = if self.tls.is_some() { DEFAULT_TLS_PORT } else { DEFAULT_PORT };
        let port = host.port.unwrap_or(default_port);
        let connected = self.connect_to(name, port, host.credentials.as_ref(), deadline).await;
        connected.map_err(|error| error.with("peer", Host::new(name).with_port(port)))
    }

    async fn connect_to(
        &self,
        name: &str,
        port: u16,
        credentials: Option<&Credentials>,
        deadline: Instant,
    ) -> Result<Connected> {
        let options = &self.options;
        let tcp_deadline = deadline.min(Instant::now() + *options.socket_timeout);
        let stream = socket::connect(name, port, options, tcp_deadline).await?;
        // Unless all goes well, or when the caller gives up: the library's thread would wait for
        // the peer for ever.
        let cut_off = KillSwitch::of(&stream)?.on_drop();
        let login_deadline = deadline.min(Instant::now() + *options.login_timeout);
        let login = async {
            let (bytes, asked) = self.encrypt(name, stream).await?;
            let mechanism = self.mechanism(credentials);
            let uri = self.uri(name, port, mechanism, credentials);
            let login = Login {
                mechanism,
                encrypted: self.tls.is_some(),
                asked,
                certificate: self.tls.as_ref().is_some_and(Tls::has_certificate),
            };
            self.login(uri, bytes).await.map_err(|error| login.describe(&error))
        };
        let Ok(connection) = tokio::time::timeout_at(login_deadline, login).await else {
            let what =
                if self.tls.is_some() { "the TLS handshake and the login" } else { "the login" };
            let message = format!("{what} did not come to an end within login_timeout");
            return Err(Error::new(ErrorKind::Connection, message));
        };
        Ok(Connected { connection: connection?, kill: cut_off.defused() })
    }

    /// The stream, encrypted if it has to be, and whether the broker asked in vain for a client
    /// certificate.
    async fn encrypt(&self, name: &str, stream: TcpStream) -> Result<(Bytes, bool)> {
        match &self.tls {
            None => Ok((Bytes::plain(stream), false)),
            Some(tls) => {
                let Handshake { stream, asked_in_vain } = tls.handshake(name, stream).await?;
                Ok((Bytes::encrypted(stream), asked_in_vain))
            }
        }
    }

    async fn login(&self, uri: AMQPUri, bytes: Bytes) -> lapin::Result<Connection> {
        let bytes = match self.options.heartbeat_interval {
            0 => bytes.without_heartbeats(),
            _ => bytes,
        };
        let properties = ConnectionProperties::default()
            .with_locale(self.options.locale.as_str().into())
            .with_connection_name(connection_name().into());
        // The library may ask for a stream again only when it reconnects by itself, which it is
        // never told to do.
        let bytes = parking_lot::Mutex::new(Some(bytes));
        let connect = async move |_uri, _runtime| {
            let bytes = bytes.lock().take().ok_or_else(|| {
                lapin::Error::from(std::io::Error::other("the stream was used already"))
            })?;
            Ok(AsyncTcpStream::Plain(bytes.compat()))
        };
        Connection::connector(uri, reactor::runtime(), connect, properties).await
    }

    /// Who shows a certificate and no credentials logs in by it.
    fn mechanism(&self, credentials: Option<&Credentials>) -> SASLMechanism {
        match (&self.tls, credentials) {
            (Some(tls), None) if tls.has_certificate() => SASLMechanism::External,
            _ => SASLMechanism::Plain,
        }
    }

    fn uri(
        &self,
        name: &str,
        port: u16,
        mechanism: SASLMechanism,
        credentials: Option<&Credentials>,
    ) -> AMQPUri {
        let options = &self.options;
        let userinfo = userinfo(credentials);
        AMQPUri {
            scheme: AMQPScheme::AMQP,
            authority: AMQPAuthority { userinfo, host: name.to_owned(), port },
            vhost: self.vhost.clone(),
            query: AMQPQueryString {
                frame_max: Some(options.frame_max.unwrap_or(DEFAULT_FRAME_MAX)),
                channel_max: options.channel_max,
                heartbeat: Some(options.heartbeat_interval),
                auth_mechanism: Some(mechanism),
                ..AMQPQueryString::default()
            },
        }
    }
}

/// Whether and how connections are encrypted: by the scheme's variant or the option `ssl`.
fn encryption(url: &TransportUrl, options: &PikaOptions) -> Result<Option<Tls>> {
    let wrong = |message: String| Err(Error::new(ErrorKind::Configuration, message));
    let by_scheme = match url.variant() {
        None => false,
        Some("tls") => true,
        Some(other) => {
            return wrong(format!("'pika+{other}' is not known; known are pika and pika+tls"));
        }
    };
    let said = |option: &str| url.option(option).is_some();
    if by_scheme && said("ssl") && !options.ssl {
        return wrong("ssl: the scheme pika+tls says otherwise".to_owned());
    }
    if by_scheme || options.ssl {
        let text = options.ssl_options.as_ref().map_or("", |text| text.expose());
        return Ok(Some(tls::tls(text.parse::<SslOptions>()?)));
    }
    if said("ssl_options") {
        return wrong("ssl_options: the connection is not encrypted; use pika+tls".to_owned());
    }
    if options.ssl_options.is_some() {
        tracing::warn!("ssl_options are configured, and the connection is not encrypted");
    }
    Ok(None)
}

/// Without credentials: RabbitMQ's own guest, as in oslo.messaging.
fn userinfo(credentials: Option<&Credentials>) -> AMQPUserInfo {
    let username = credentials.map_or("guest", |it| it.username.as_str());
    let password = match credentials {
        None => "guest",
        Some(credentials) => credentials.password.as_ref().map_or("", |secret| secret.expose()),
    };
    AMQPUserInfo { username: username.to_owned(), password: password.to_owned() }
}

fn connection_name() -> String {
    format!("busway:{}:{}", crate::program_name(), std::process::id())
}

/// How long an orderly close of a connection may take.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

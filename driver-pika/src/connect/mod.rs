//! Opening one connection: socket, TLS, login, each within its deadline.

mod refusal;
mod socket;

use std::time::Duration;

use async_compat::CompatExt;
use async_rs::TokioRuntime;
use busway_core::url::{Credentials, Host};
use busway_core::{Error, ErrorKind, Result};
use lapin::AsyncTcpStream;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Connection, ConnectionProperties};
use tokio::time::Instant;

pub(crate) use refusal::{describe, is_not_found, is_of_a_channel};
pub(crate) use socket::KillSwitch;

use crate::options::PikaOptions;

/// The port of AMQP 0-9-1 when the URL names none.
const DEFAULT_PORT: u16 = 5672;
/// The frame size when none is configured: the client library's own default costs megabytes.
const DEFAULT_FRAME_MAX: u32 = 16 * 1024;

/// Everything that connecting to one of the hosts needs.
#[derive(Clone, Debug)]
pub(crate) struct Connecting {
    pub(crate) vhost: String,
    pub(crate) options: PikaOptions,
}

/// An open connection, and the means to end it whatever state it is in.
pub(crate) struct Connected {
    pub(crate) connection: Connection,
    pub(crate) kill: KillSwitch,
}

impl Connecting {
    /// Connects to a host: `socket_timeout` for TCP, then `login_timeout` for TLS and login.
    pub(crate) async fn connect(&self, host: &Host, deadline: Instant) -> Result<Connected> {
        let port = host.port.unwrap_or(DEFAULT_PORT);
        let peer = format!("{}:{port}", host.hostname);
        let connected = self.connect_to(host, port, deadline).await;
        connected.map_err(|error| error.with("peer", peer))
    }

    async fn connect_to(&self, host: &Host, port: u16, deadline: Instant) -> Result<Connected> {
        let options = &self.options;
        let tcp_deadline = deadline.min(Instant::now() + *options.socket_timeout);
        let stream = socket::connect(&host.hostname, port, options, tcp_deadline).await?;
        let kill = KillSwitch::of(&stream)?;
        let login_deadline = deadline.min(Instant::now() + *options.login_timeout);
        let login = self.login(host, port, stream);
        let Ok(connection) = tokio::time::timeout_at(login_deadline, login).await else {
            // The library's thread would wait for the peer for ever: its socket is cut off.
            kill.kill();
            return Err(Error::new(ErrorKind::Connection, "the login was not answered in time"));
        };
        Ok(Connected { connection: connection?, kill })
    }

    async fn login(
        &self,
        host: &Host,
        port: u16,
        stream: tokio::net::TcpStream,
    ) -> Result<Connection> {
        let uri = self.uri(host, port);
        let properties = ConnectionProperties::default()
            .with_locale(self.options.locale.as_str().into())
            .with_connection_name(connection_name().into());
        // The library may ask for a stream again only when it reconnects by itself, which it is
        // never told to do.
        let stream = parking_lot::Mutex::new(Some(stream));
        let connect = async move |_uri, _runtime| {
            let stream = stream.lock().take().ok_or_else(|| {
                lapin::Error::from(std::io::Error::other("the stream was used already"))
            })?;
            Ok(AsyncTcpStream::Plain(stream.compat()))
        };
        Connection::connector(uri, TokioRuntime::tokio_current(), connect, properties)
            .await
            .map_err(|error| describe(&error))
    }

    fn uri(&self, host: &Host, port: u16) -> AMQPUri {
        let options = &self.options;
        let userinfo = userinfo(host.credentials.as_ref());
        AMQPUri {
            scheme: AMQPScheme::AMQP,
            authority: AMQPAuthority { userinfo, host: host.hostname.clone(), port },
            vhost: self.vhost.clone(),
            query: AMQPQueryString {
                frame_max: Some(options.frame_max.unwrap_or(DEFAULT_FRAME_MAX)),
                channel_max: options.channel_max,
                heartbeat: Some(heartbeat(options.heartbeat_interval)),
                ..AMQPQueryString::default()
            },
        }
    }
}

/// The library takes 0 for the broker's own interval; the longest there is stands for none.
fn heartbeat(interval: u16) -> u16 {
    if interval == 0 { u16::MAX } else { interval }
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

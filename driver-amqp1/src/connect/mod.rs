//! From a host to an open connection: TCP, TLS, SASL, Open.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod open;
mod refusal;
mod sasl;
mod tap;
#[cfg(test)]
mod tests;
mod tls;
mod walk;

use std::sync::Arc;
use std::time::Duration;

use busway_core::net::{self, Encrypted, Handshake, KillSwitch, TcpOptions, Tls};
use busway_core::url::{Credentials, Host};
use busway_core::{Error, ErrorKind, Result, Secret, TransportUrl};
use fe2o3_amqp::connection::{ConnectionHandle, OpenError};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::either::Either;

pub(crate) use tap::{Credit, Handle, Peer};

use crate::options::AmqpOptions;
use refusal::Attempt;
use sasl::{Allowed, Login};
use tap::{Settings, Tap};

/// The scheme of encrypted connections.
pub(crate) const TLS_SCHEME: &str = "amqps";
/// The port when the URL names none.
const DEFAULT_PORT: u16 = 5672;
/// The same of `amqps`.
const DEFAULT_TLS_PORT: u16 = 5671;
/// The host when the URL names none.
const DEFAULT_HOST: &str = "localhost";
/// How long the peer may take no bytes when `idle_timeout` says nothing: the engine itself would
/// wait for ever, its own idle time-out included.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much larger than the largest body a message may say that it is: a body that is over the
/// limit is told from one that cannot be read.
const LARGER: u64 = 4;
/// What any message may be, in bytes.
const LEAST_MESSAGE: u64 = 64 * 1024 * 1024;

/// Everything that connecting to one of the hosts needs.
#[derive(Clone, Debug)]
pub(crate) struct Connecting {
    options: Arc<AmqpOptions>,
    vhost: Option<String>,
    default_port: u16,
    tls: Option<Tls>,
    allowed: Allowed,
    /// The largest message that is read, in bytes.
    max_message_size: u64,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) connection: ConnectionHandle<()>,
    /// What the peer says of itself.
    pub(crate) peer: Peer,
    /// The means to end the connection, whatever state it is in, and to learn why it ended.
    pub(crate) tap: Handle,
}

type Stream = Either<TcpStream, Box<Encrypted>>;

impl Connecting {
    /// What the URL and the options say together, for bodies of so many bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for options that contradict each other or the URL.
    pub(crate) fn new(
        url: &TransportUrl,
        options: Arc<AmqpOptions>,
        max_body_size: usize,
    ) -> Result<Self> {
        let tls = tls::tls(url, &options)?;
        let (allowed, unknown) = Allowed::read(&options.sasl_mechanisms);
        if allowed == Allowed::These(Vec::new()) {
            let message = format!("sasl_mechanisms: none of them is known: {}", unknown.join(" "));
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        if !unknown.is_empty() {
            tracing::warn!(mechanisms = unknown.join(" "), "SASL mechanisms that are not known");
        }
        for (option, value) in [
            ("sasl_config_dir", &options.sasl_config_dir),
            ("sasl_config_name", &options.sasl_config_name),
        ] {
            if !value.is_empty() {
                tracing::warn!(
                    option,
                    "has no effect: SASL needs no configuration of its own here"
                );
            }
        }
        let vhost = url.vhost().filter(|vhost| !vhost.is_empty()).map(str::to_owned);
        let default_port = if url.scheme() == TLS_SCHEME { DEFAULT_TLS_PORT } else { DEFAULT_PORT };
        let max_message_size = (max_body_size as u64).saturating_mul(LARGER).max(LEAST_MESSAGE);
        Ok(Self { options, vhost, default_port, tls, allowed, max_message_size })
    }

    /// TCP, TLS, SASL and Open within `deadline`, on the current runtime. When it is given up, so
    /// is the connection.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] when the peer refuses the login, the virtual host or TLS;
    /// [`ErrorKind::Configuration`] when a file of TLS is no good; [`ErrorKind::Connection`] for
    /// the rest.
    pub(crate) async fn connect(&self, host: &Host, deadline: Instant) -> Result<Connected> {
        let name = if host.hostname.is_empty() { DEFAULT_HOST } else { &host.hostname };
        let port = host.port.unwrap_or(self.default_port);
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
        let tcp = TcpOptions { user_timeout: Some(self.patience()) };
        let stream = net::connect(name, port, tcp);
        let stream = within(deadline, "the host did not answer in time", stream).await??;
        let socket = KillSwitch::of(&stream)?;
        let late = "the TLS handshake did not come to an end in time";
        let (mut stream, attempt) = within(deadline, late, self.encrypt(name, stream)).await??;
        let user = credentials.map(|it| self.user(&it.username));
        let no_password = Secret::default();
        let password = credentials.and_then(|it| it.password.as_ref()).unwrap_or(&no_password);
        let hostname = self.hostname(name);
        let login = Login {
            allowed: &self.allowed,
            credentials: user.as_deref().map(|user| (user, password)),
            certificate: attempt.certificate,
            hostname,
            trace: self.options.trace,
        };
        let late = "the login (SASL) did not come to an end in time";
        let logged_in = within(deadline, late, sasl::log_in(&mut stream, login)).await?;
        logged_in.map_err(|failure| attempt.login(failure))?;
        let late = "the peer did not answer our Open in time";
        // The engine's future is large.
        let opened = Box::pin(self.open(stream, hostname, attempt, socket));
        within(deadline, late, opened).await?
    }

    /// The stream, encrypted if it has to be, and what there is to know when it fails.
    async fn encrypt(&self, name: &str, stream: TcpStream) -> Result<(Stream, Attempt)> {
        let names = tls::names(&self.options);
        let Some(tls) = &self.tls else {
            let attempt = Attempt { encrypted: false, asked: false, certificate: false, names };
            return Ok((Either::Left(stream), attempt));
        };
        let subject = match &self.vhost {
            Some(vhost) if self.options.ssl_verify_vhost => vhost,
            _ => name,
        };
        let Handshake { stream, asked_in_vain } = tls.handshake(subject, stream).await?;
        let attempt = Attempt {
            encrypted: true,
            asked: asked_in_vain,
            certificate: tls.has_certificate(),
            names,
        };
        Ok((Either::Right(Box::new(stream)), attempt))
    }

    async fn open(
        &self,
        stream: Stream,
        hostname: &str,
        attempt: Attempt,
        socket: KillSwitch,
    ) -> Result<Connected> {
        let options = &self.options;
        let container = options.container_name.clone().filter(|name| !name.is_empty());
        let container = container.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let idle_time_out =
            (options.idle_timeout > 0).then(|| options.idle_timeout.saturating_mul(1000));
        let words = open::Words::new(container, hostname.to_owned(), idle_time_out)?;
        let settings = Settings {
            patience: self.patience(),
            max_frame_size: open::MAX_FRAME_SIZE as usize,
            max_message_size: self.max_message_size,
            trace: options.trace,
            names: attempt.names,
        };
        let (stream, tap) = Tap::new(stream, settings, Some(socket));
        // The engine goes on without its handle until the peer has answered its Close.
        let kill = tap.on_drop();
        let refused = || tap.words().unwrap_or_else(|| attempt.open(OpenError::RemoteClosed));
        // The engine would answer the peer's Close, and lose it when the peer is gone then.
        let opened = tokio::select! {
            biased;
            opened = words.open(stream) => opened,
            () = tap.closed() => return Err(refused()),
        };
        let connection = match (opened, tap.words()) {
            (Ok(connection), None) => connection,
            (Ok(_) | Err(_), Some(said)) => return Err(said),
            (Err(error), None) => return Err(attempt.open(error)),
        };
        let peer = tap.peer().unwrap_or_default();
        if peer.refuses {
            tap.closed().await;
            return Err(refused());
        }
        kill.defuse();
        Ok(Connected { connection, peer, tap })
    }

    /// The user with its realm.
    fn user(&self, name: &str) -> String {
        let realm = &self.options.sasl_default_realm;
        if realm.is_empty() || name.contains('@') {
            name.to_owned()
        } else {
            format!("{name}@{realm}")
        }
    }

    /// What is logged in to: the virtual host if the addresses do not name it, else the host.
    fn hostname<'a>(&'a self, name: &'a str) -> &'a str {
        match &self.vhost {
            Some(vhost) if !self.options.pseudo_vhost => vhost,
            _ => name,
        }
    }

    fn patience(&self) -> Duration {
        match self.options.idle_timeout {
            0 => PATIENCE,
            seconds => Duration::from_secs(seconds.into()),
        }
    }
}

/// Waits until the deadline.
async fn within<F: Future>(deadline: Instant, late: &str, what: F) -> Result<F::Output> {
    let done = tokio::time::timeout_at(deadline, what).await;
    done.map_err(|_| Error::new(ErrorKind::Connection, late))
}

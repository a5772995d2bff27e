//! RabbitMQ, of the version that is installed.

mod alarm;
mod cluster;
mod console;
mod home;
mod node;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use busway_core::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use rustix::process::Signal;

use super::group::Group;
use super::ports;
use crate::certificates::Authority;
use console::Console;
use node::{Family, Node, SERVER};
use tls::Tls;

pub use alarm::Alarm;
pub use cluster::RabbitMqCluster;
pub use tls::Clients;

/// How long a broker may take to start, on a machine that has much else to do.
const START: Duration = Duration::from_mins(1);
/// How long an orderly end may take.
const STOP: Duration = Duration::from_secs(20);
/// How often a start is tried: another may take a port that was free a moment ago.
const TRIES: usize = 3;

/// A RabbitMQ broker of one's own on this machine: user `guest` with password `guest` may do
/// everything, in as many virtual hosts as are asked for.
///
/// It ends when it is dropped, and when the process that started it ends, in whatever way. Its
/// files are kept when the thread that drops it panics.
///
/// All calls block: from async code, use `spawn_blocking`.
///
/// ```
/// use busway_testkit::brokers::RabbitMq;
///
/// # fn main() -> busway_core::Result<()> {
/// if let Some(reason) = RabbitMq::missing() {
///     eprintln!("not run: {reason}");
///     return Ok(());
/// }
/// let broker = RabbitMq::start()?;
/// let vhost = broker.add_vhost()?;
/// println!("amqp://guest:guest@{}/{vhost}", broker.address());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RabbitMq {
    /// Dropped before its files are.
    server: Mutex<Option<Server>>,
    _epmd: Arc<Group>,
    node: Node,
    vhosts: AtomicU64,
}

#[derive(Debug)]
struct Server {
    console: Console,
    group: Group,
}

impl RabbitMq {
    /// Why it cannot be run here, if so, and what to install.
    #[must_use]
    pub fn missing() -> Option<String> {
        let found = Path::new(SERVER).exists();
        let reason = || {
            format!("RabbitMQ is not installed ({SERVER}); Debian's package is `rabbitmq-server`")
        };
        (!found).then(reason)
    }

    /// Starts a broker.
    ///
    /// # Errors
    /// `Connection` when it does not answer within a minute; the error has the end of its log.
    pub fn start() -> Result<Self> {
        Self::start_with("")
    }

    /// Starts a broker with more lines in its `rabbitmq.conf`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(config: &str) -> Result<Self> {
        Self::start_as(config, None)
    }

    /// Starts a broker that takes connections of TLS too, at [`tls_address`](Self::tls_address):
    /// its certificate stands for `localhost` and `127.0.0.1`, and whoever shows one of the
    /// authority's certificates may log in by it (SASL EXTERNAL), as the user of its common
    /// name. The lines are added to its `rabbitmq.conf`.
    ///
    /// ```
    /// use busway_testkit::brokers::{Clients, RabbitMq};
    /// use busway_testkit::certificates::Authority;
    ///
    /// # fn main() -> busway_core::Result<()> {
    /// # if RabbitMq::missing().is_some() { return Ok(()); }
    /// let authority = Authority::new()?;
    /// let broker = RabbitMq::start_tls(&authority, Clients::MayBeUnknown, "")?;
    /// let alice = authority.issue("alice", &[])?;
    /// broker.add_user("alice", None)?;
    /// println!("{} by {}", broker.tls_address().unwrap(), alice.certificate.display());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`start`](Self::start); `Internal` when its certificate cannot be made.
    pub fn start_tls(authority: &Authority, clients: Clients, config: &str) -> Result<Self> {
        Self::start_as(config, Some(&Tls::new(authority, clients)?))
    }

    fn start_as(config: &str, tls: Option<&Tls>) -> Result<Self> {
        if let Some(reason) = Self::missing() {
            return Err(failed(reason));
        }
        let mut last = failed("it was not tried");
        for _ in 0..TRIES {
            match Self::start_once(config, tls) {
                Ok(broker) => return Ok(broker),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn start_once(config: &str, tls: Option<&Tls>) -> Result<Self> {
        let family = Family::new().map_err(not_started)?;
        let epmd = Arc::new(start_epmd(&family)?);
        Self::start_in(&family, epmd, config, tls)
    }

    /// Starts a node of that family.
    fn start_in(
        family: &Family,
        epmd: Arc<Group>,
        config: &str,
        tls: Option<&Tls>,
    ) -> Result<Self> {
        let mut node = Node::new(family, config, tls).map_err(not_started)?;
        match Server::start(&node) {
            Ok(server) => Ok(Self {
                server: Mutex::new(Some(server)),
                _epmd: epmd,
                node,
                vhosts: AtomicU64::new(0),
            }),
            Err(error) => {
                node.keep();
                Err(error)
            }
        }
    }

    /// Where it takes connections of AMQP 0-9-1; the same after a restart.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        ports::local(self.node.port)
    }

    /// Where it takes connections of TLS, when it was started so.
    #[must_use]
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.node.tls_port.map(ports::local)
    }

    /// Adds a user who may do everything in the virtual host `/`, and logs in by this password,
    /// or by a certificate alone.
    ///
    /// # Errors
    /// As [`add_vhost`](Self::add_vhost).
    pub fn add_user(&self, name: &str, password: Option<&str>) -> Result<()> {
        let add = match password {
            Some(password) => format!(
                "rabbit_auth_backend_internal:add_user(\
                 <<\"{name}\">>, <<\"{password}\">>, <<\"busway\">>)"
            ),
            None => format!(
                "rabbit_auth_backend_internal:add_user_sans_validation(\
                 <<\"{name}\">>, <<\"\">>, <<\"busway\">>)"
            ),
        };
        self.evaluate(&format!(
            "ok = {add}, ok = rabbit_auth_backend_internal:set_permissions(<<\"{name}\">>, \
             <<\"/\">>, <<\".*\">>, <<\".*\">>, <<\".*\">>, <<\"busway\">>)"
        ))
        .map(drop)
    }

    /// The folder of its files: its log, its data, its configuration.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.node.path()
    }

    /// Adds a virtual host with a fresh name, where `guest` may do everything.
    ///
    /// # Errors
    /// What the broker says, or `Connection` when it is not running.
    pub fn add_vhost(&self) -> Result<String> {
        let name = format!("ns-{}", self.vhosts.fetch_add(1, Ordering::Relaxed));
        self.evaluate(&format!(
            "ok = rabbit_vhost:add(<<\"{name}\">>, <<\"busway\">>), \
             ok = rabbit_auth_backend_internal:set_permissions(<<\"guest\">>, <<\"{name}\">>, \
             <<\".*\">>, <<\".*\">>, <<\".*\">>, <<\"busway\">>)"
        ))?;
        Ok(name)
    }

    /// Removes a virtual host with all it holds; its connections are closed.
    ///
    /// # Errors
    /// As [`add_vhost`](Self::add_vhost).
    pub fn delete_vhost(&self, name: &str) -> Result<()> {
        let deleting = format!("rabbit_vhost:delete(<<\"{name}\">>, <<\"busway\">>)");
        self.evaluate(&deleting).map(drop)
    }

    /// How many messages the queues of a virtual host hold, ready and unacknowledged.
    ///
    /// # Errors
    /// As [`add_vhost`](Self::add_vhost).
    pub fn held(&self, vhost: &str) -> Result<usize> {
        let count = self.evaluate(&format!(
            "lists:sum([proplists:get_value(messages, Info) || \
             Info <- rabbit_amqqueue:info_all(<<\"{vhost}\">>, [messages])])"
        ))?;
        count.parse().map_err(|_| failed(format!("the broker counted '{count}'")))
    }

    /// Evaluates an Erlang expression in the broker, and returns its value as Erlang writes it.
    ///
    /// # Errors
    /// What the broker says, or `Connection` when it is not running.
    pub fn evaluate(&self, expression: &str) -> Result<String> {
        match &*self.server.lock() {
            Some(server) => server.console.evaluate(expression),
            None => Err(failed("the broker is not running")),
        }
    }

    /// Stops it in its tracks (SIGSTOP): its connections stay, and nothing is answered.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(server) = &*self.server.lock() {
            server.group.signal(signal);
        }
    }

    /// Kills it (SIGKILL); [`start_again`](Self::start_again) brings it back with what it stored.
    pub fn kill(&self) {
        self.server.lock().take();
    }

    /// Ends it in order.
    pub fn stop(&self) {
        if let Some(mut server) = self.server.lock().take() {
            // It may be gone already; what does not end is killed.
            let _ = server.console.evaluate("init:stop()");
            server.group.wait(STOP);
        }
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill): the same name, port
    /// and files.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_again(&self) -> Result<()> {
        let mut server = self.server.lock();
        if server.is_none() {
            *server = Some(Server::start(&self.node)?);
        }
        Ok(())
    }

    /// Ends it in order and starts it again.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart(&self) -> Result<()> {
        self.stop();
        self.start_again()
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            self.node.keep();
        }
    }
}

impl Server {
    fn start(node: &Node) -> Result<Self> {
        let mut group =
            node.server().and_then(|mut server| Group::spawn(&mut server)).map_err(not_started)?;
        let leader = group.leader();
        let (Some(stdin), Some(stdout)) = (leader.stdin.take(), leader.stdout.take()) else {
            return Err(failed("the broker has no shell"));
        };
        let console = Console::new(stdin, stdout, node.log().map_err(not_started)?);
        let until = Instant::now() + START;
        while !ports::answers_amqp(node.port) {
            if let Some(status) = group.wait(ports::PAUSE) {
                return Err(failed(format!("RabbitMQ ended: {status}\n{}", node.last_words())));
            }
            if Instant::now() >= until {
                let seconds = START.as_secs();
                let words = node.last_words();
                return Err(failed(format!("RabbitMQ is silent after {seconds} s\n{words}")));
            }
        }
        // It takes connections a little before it has started all of itself.
        console.evaluate("ok = rabbit:await_startup()")?;
        Ok(Self { console, group })
    }
}

fn start_epmd(family: &Family) -> Result<Group> {
    let mut epmd = Group::spawn(&mut family.epmd()).map_err(not_started)?;
    let until = Instant::now() + START;
    while !ports::accepts(family.epmd_port) {
        if epmd.wait(ports::PAUSE).is_some() || Instant::now() >= until {
            return Err(failed("Erlang's epmd did not start"));
        }
    }
    Ok(epmd)
}

fn not_started(error: io::Error) -> Error {
    failed("the broker cannot be started").because(error)
}

fn failed(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Connection, why.into())
}

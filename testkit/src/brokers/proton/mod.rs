//! A broker on the engine of Apache Qpid Proton.

mod builder;
mod process;
mod python;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use busway_core::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::ports;
pub use builder::ProtonBuilder;
use process::{Folder, Process};

/// How long an orderly end may take.
const STOP: Duration = Duration::from_secs(5);

/// A broker of AMQP 1.0 on the engine of Apache Qpid Proton, a process of Python: what neither
/// client nor broker of ours had a hand in.
///
/// Any address is a queue, made when somebody wants it, but those that begin with `broadcast`,
/// `openstack.org/om/rpc/multicast` or `openstack.org/om/notify/multicast` are topics. It has
/// dynamic sources and the anonymous terminus, gives credit only where there is room, and keeps
/// everything in memory. SASL ANONYMOUS and PLAIN, SCRAM by Cyrus SASL, no TLS.
///
/// It ends when it is dropped, and when the process that started it ends, in whatever way. Its
/// files are kept when the thread that drops it panics.
///
/// All calls block: from async code, use `spawn_blocking`.
///
/// ```
/// use busway_testkit::brokers::Proton;
///
/// # fn main() -> busway_core::Result<()> {
/// if let Some(reason) = Proton::missing() {
///     eprintln!("not run: {reason}");
///     return Ok(());
/// }
/// let broker = Proton::builder().product("qpid-cpp").user("ann", "secret").start()?;
/// println!("amqp://ann:secret@{}", broker.address());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Proton {
    /// Dropped before its files are.
    process: Mutex<Option<Process>>,
    port: u16,
    options: String,
    folder: Folder,
}

/// What becomes of a message, other than that it is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It may be sent again as it is.
    Released,
    /// It may be sent again, or not: what is said about this delivery.
    Modified {
        /// It counts as one that failed.
        delivery_failed: bool,
        /// It is not to be sent there again.
        undeliverable_here: bool,
    },
    /// It is refused, for the reason of this condition, such as `amqp:not-allowed`.
    Rejected(String),
}

impl Proton {
    /// Why it cannot be run here, if so, and what to install.
    #[must_use]
    pub fn missing() -> Option<String> {
        python::find().is_none().then(python::not_found)
    }

    /// Why [`ProtonBuilder::scram`] cannot be had here, if so, and what to install.
    #[must_use]
    pub fn scram_missing() -> Option<String> {
        Self::missing().or_else(|| (!python::has_scram()).then(python::no_scram))
    }

    /// Starts a broker without users, as peers without a word about themselves are.
    ///
    /// # Errors
    /// As [`ProtonBuilder::start`].
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// A broker to be configured.
    pub fn builder() -> ProtonBuilder {
        ProtonBuilder::default()
    }

    fn start_once(options: String) -> Result<Self> {
        let port = ports::free().map_err(not_started)?;
        let folder = Folder::new().map_err(not_started)?;
        let broker = Self { process: Mutex::new(None), port, options, folder };
        broker.start_again()?;
        Ok(broker)
    }

    /// Where it takes connections; the same after a restart.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        ports::local(self.port)
    }

    /// The folder of its files, its log among them.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How many messages are held at the addresses that have this virtual host as one of their
    /// parts; at all, when it is empty.
    ///
    /// # Errors
    /// `Connection` when the broker is not running.
    pub fn held(&self, space: &str) -> Result<usize> {
        let held = self.ask(&json!({ "do": "held", "space": space }))?;
        held.as_u64().and_then(|held| usize::try_from(held).ok()).ok_or_else(|| failed("no count"))
    }

    /// Bounds the queues of a virtual host, so that each holds but so many messages.
    ///
    /// # Errors
    /// As [`held`](Self::held).
    pub fn narrow(&self, space: &str, messages: usize) -> Result<()> {
        self.ask(&json!({ "do": "narrow", "space": space, "messages": messages })).map(drop)
    }

    /// Says what becomes of the next messages to an address, in order; those after them are
    /// taken.
    ///
    /// # Errors
    /// As [`held`](Self::held).
    pub fn answer(&self, address: &str, outcomes: &[Refused]) -> Result<()> {
        let outcomes: Vec<_> = outcomes.iter().map(Refused::name).collect();
        self.ask(&json!({ "do": "answer", "address": address, "outcomes": outcomes })).map(drop)
    }

    /// Refuses links to an address, for the reason of this condition; with none, no longer.
    ///
    /// # Errors
    /// As [`held`](Self::held).
    pub fn refuse(&self, address: &str, condition: Option<&str>) -> Result<()> {
        let refuse = json!({ "do": "refuse", "address": address, "condition": condition });
        self.ask(&refuse).map(drop)
    }

    /// Gives no more credit to senders, to none of them, until it is called with `false`.
    ///
    /// # Errors
    /// As [`held`](Self::held).
    pub fn withhold_credit(&self, on: bool) -> Result<()> {
        self.ask(&json!({ "do": "block", "on": on })).map(drop)
    }

    fn ask(&self, command: &Value) -> Result<Value> {
        match &mut *self.process.lock() {
            Some(process) => process.ask(command),
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
        if let Some(process) = &*self.process.lock() {
            process.group.signal(signal);
        }
    }

    /// Kills it (SIGKILL); [`start_again`](Self::start_again) brings it back with nothing in it.
    pub fn kill(&self) {
        self.process.lock().take();
    }

    /// Ends it, with no word to its peers.
    pub fn stop(&self) {
        if let Some(process) = self.process.lock().take() {
            // What does not end is killed.
            process.end(STOP);
        }
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill), on the same port.
    ///
    /// # Errors
    /// As [`ProtonBuilder::start`].
    pub fn start_again(&self) -> Result<()> {
        let python = python::find().ok_or_else(|| failed(python::not_found()))?;
        let mut process = self.process.lock();
        if process.is_none() {
            *process = Some(Process::start(&self.folder, python, self.port, &self.options)?);
        }
        Ok(())
    }

    /// Ends it and starts it again.
    ///
    /// # Errors
    /// As [`ProtonBuilder::start`].
    pub fn restart(&self) -> Result<()> {
        self.stop();
        self.start_again()
    }
}

impl Drop for Proton {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            self.folder.keep();
        }
    }
}

impl Refused {
    /// As the program knows it.
    fn name(&self) -> String {
        match self {
            Self::Released => "released".to_owned(),
            Self::Modified { delivery_failed, undeliverable_here } => {
                let failed = if *delivery_failed { " failed" } else { "" };
                let undeliverable = if *undeliverable_here { " undeliverable" } else { "" };
                format!("modified{failed}{undeliverable}")
            }
            Self::Rejected(condition) => condition.clone(),
        }
    }
}

fn not_started(error: io::Error) -> Error {
    failed("the broker cannot be started").because(error)
}

fn failed(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Connection, why.into())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    fn started() -> Option<Proton> {
        match Proton::missing() {
            Some(reason) if std::env::var("CI").is_ok_and(|ci| ci == "true") => panic!("{reason}"),
            Some(reason) => {
                eprintln!("not run: {reason}");
                None
            }
            None => Some(Proton::start().unwrap()),
        }
    }

    #[test]
    fn it_comes_back_where_it_was_after_it_was_stopped_or_killed() {
        let Some(broker) = started() else { return };
        for end in [Proton::stop, Proton::kill] {
            TcpStream::connect(broker.address()).unwrap();
            end(&broker);
            assert!(TcpStream::connect(broker.address()).is_err());
            assert_eq!(broker.held("").unwrap_err().kind(), ErrorKind::Connection);
            broker.start_again().unwrap();
        }
        TcpStream::connect(broker.address()).unwrap();
    }

    #[test]
    fn it_obeys_or_says_why_not() {
        let Some(broker) = started() else { return };
        assert_eq!(broker.held("nobody").unwrap(), 0);
        let error = broker.ask(&json!({ "do": "fly" })).unwrap_err();
        assert!(error.to_string().contains("fly"), "{error}");
        broker.pause();
        broker.resume();
        assert_eq!(broker.held("").unwrap(), 0);
    }
}

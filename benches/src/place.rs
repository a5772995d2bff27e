//! Where a benchmark that compares nothing runs: each kind of bus, with a broker of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use busway_broker::Broker;
use busway_testkit::brokers::RabbitMq;
use tokio::runtime::Runtime;

use crate::{BoxError, sides};

/// What the buses are called on the command line.
pub const NAMES: [&str; 3] = ["fake", "pika", "amqp1"];

/// The role of a process that is a desk broker.
const ROLE: [&str; 2] = ["--role", "broker"];

/// The most nodes of the desk broker: of four for each of ten thousand servers, and more.
const NODES: usize = 100_000;
/// The most connections of the desk broker: of ten thousand clients, and more.
const CONNECTIONS: usize = 15_000;

/// What RabbitMQ may hold before it blocks who publishes: ten thousand servers have sixty thousand
/// queues.
const MEMORY: &str = "vm_memory_high_watermark.absolute = 12GB\n";

/// A bus, with its broker; that ends when this is dropped.
#[derive(Debug)]
pub enum Place {
    /// This process.
    Memory,
    /// RabbitMQ.
    RabbitMq(RabbitMq),
    /// The desk broker.
    Desk(Desk),
}

impl Place {
    /// Starts what a bus of [`NAMES`] needs. The desk broker is this program in the role that
    /// [`play`] plays.
    ///
    /// # Errors
    /// A name that is none of them, and what could not be started.
    pub fn start(name: &str) -> Result<Self, BoxError> {
        match name {
            "fake" => Ok(Self::Memory),
            "pika" => match RabbitMq::missing() {
                Some(reason) => Err(reason.into()),
                None => Ok(Self::RabbitMq(RabbitMq::start_with(MEMORY)?)),
            },
            "amqp1" => Ok(Self::Desk(Desk::start(&std::env::current_exe()?)?)),
            _ => Err(format!("there is no bus '{name}': {}", NAMES.join(", ")).into()),
        }
    }

    /// The id of the broker's process, where there is one.
    ///
    /// # Errors
    /// When the broker does not tell it.
    pub fn broker(&self) -> Result<Option<u32>, BoxError> {
        Ok(match self {
            Self::Memory => None,
            Self::RabbitMq(broker) => Some(pid(broker)?),
            Self::Desk(desk) => Some(desk.pid()),
        })
    }

    /// The URL of a part of the bus: nobody hears there of another.
    ///
    /// # Errors
    /// When the broker cannot set it up.
    pub fn url(&self, part: &str) -> Result<String, BoxError> {
        Ok(match self {
            Self::Memory => format!("fake://{part}/"),
            Self::RabbitMq(broker) => {
                let (address, vhost) = (broker.address(), broker.add_vhost()?);
                let patience = "socket_timeout=30&tcp_user_timeout=60&login_timeout=60";
                format!("pika://guest:guest@{address}/{vhost}?{patience}&heartbeat_interval=30")
            }
            Self::Desk(desk) => {
                format!("amqp://127.0.0.1:{}/{part}?addressing_mode=routable", desk.port())
            }
        })
    }
}

/// The id of RabbitMQ's process.
pub(crate) fn pid(broker: &RabbitMq) -> Result<u32, BoxError> {
    Ok(broker.evaluate("list_to_integer(os:getpid())")?.trim().parse()?)
}

/// A desk broker in a process of its own; it ends when this is dropped.
#[derive(Debug)]
pub struct Desk {
    child: Child,
    port: String,
}

impl Desk {
    /// Starts a program that [`play`]s.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(program: &Path) -> Result<Self, BoxError> {
        let mut child = Command::new(program)
            .args(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut port = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut port)?;
        Ok(Self { child, port: port.trim().to_owned() })
    }

    /// The port on which it listens.
    #[must_use]
    pub fn port(&self) -> &str {
        &self.port
    }

    /// The id of its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It has nothing left to do.
        let _ = self.child.wait();
    }
}

/// Plays the desk broker, as `busway broker` runs it, but with room for more nodes and connections,
/// where these words ask for that; whether they did.
///
/// # Errors
/// When it cannot listen.
pub fn play(words: &[&str]) -> Result<bool, BoxError> {
    if words != ROLE {
        return Ok(false);
    }
    let runtime = Runtime::new()?;
    let broker = Broker::builder().listen("127.0.0.1:0".parse()?);
    let broker = broker.nodes(NODES).connections(CONNECTIONS);
    let broker = runtime.block_on(broker.start())?;
    sides::serve_until_told(&broker.address().port().to_string())?;
    runtime.block_on(broker.stop());
    Ok(true)
}

//! Busway's driver for RabbitMQ: AMQP 0-9-1 on the wire of oslo.messaging's pika driver.
//!
//! The scheme is `pika`, as in `pika://user:pass@host-1:5672,host-2:5672/vhost`, or `pika+tls` for
//! encrypted connections; the options of section `[oslo_messaging_pika]` may stand in the URL's
//! query.
//!
//! It does what the conformance suite asks of its [`CAPABILITIES`], and its bytes are compared with
//! those recorded of oslo.messaging.
//!
//! ```no_run
//! use busway_core::Transport;
//! // Naming the crate registers the driver; programs that use `busway` need not.
//! use busway_driver_pika as _;
//!
//! # async fn example() -> busway_core::Result<()> {
//! let transport = Transport::open("pika://guest:guest@localhost/?heartbeat_interval=10").await?;
//! # transport.close().await
//! # }
//! ```
//!
//! # What the wire format decides
//!
//! - Requests sent with `retry = 0` go to queues that are consumed without acknowledgement, others
//!   to queues that are acknowledged before the handler runs: six queues for each server.
//! - Requests are mandatory and confirmed, so that one nobody serves fails in one round trip. A
//!   queue outlives its server by `rpc_queue_expiration`, though: until then a request waits there.
//! - The names of queues lack the exchange: servers of one topic in two exchanges share a queue, and
//!   [`Capabilities::exchanges_apart`] is not declared. A target's exchange is taken as it stands;
//!   one without is in `default_rpc_exchange` or `default_notification_exchange`.
//! - There are no heartbeats of running calls.
//! - Notifications survive a restart of the broker with `notification_persistence` alone.

pub mod blocking;
mod body;
mod connect;
mod consume;
mod driver;
mod fields;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod link;
mod names;
mod notify;
mod options;
mod parameters;
mod properties;
mod publish;
mod rpc;
mod side;
mod ssl;
mod topology;
mod turn;

use std::sync::Arc;

use busway_core::config::{Options, describe};
use busway_core::driver::{Capabilities, Driver, DriverInfo, OpenFuture, OpenRequest};

pub use options::{ConnectionFactory, PikaOptions};
pub use parameters::{ConnectionParameters, Credentials};
pub use ssl::{CertReqs, SslOptions, SslVersion};

/// The system's name in spans and metrics.
const SYSTEM: &str = "rabbitmq";

/// What the driver can do. Its wire format has no heartbeats of running calls, and exchanges do not
/// keep topics apart in it.
pub const CAPABILITIES: Capabilities = Capabilities {
    rpc: true,
    fanout: true,
    mandatory: true,
    at_most_once: true,
    expiry: true,
    ordering: true,
    notifications: true,
    durable_notifications: true,
    requeue: true,
    pools: true,
    back_pressure: true,
    ..Capabilities::NONE
};

fn open(request: OpenRequest) -> OpenFuture {
    Box::pin(async {
        let driver = driver::PikaDriver::open(request).await?;
        Ok(Arc::new(driver) as Arc<dyn Driver>)
    })
}

busway_core::inventory::submit! {
    DriverInfo {
        name: "pika",
        schemes: &["pika"],
        summary: "RabbitMQ (AMQP 0-9-1), on the wire of oslo.messaging's pika driver",
        capabilities: CAPABILITIES,
        section: PikaOptions::SECTION,
        options: describe::<PikaOptions>,
        open,
    }
}

/// The program's name, as queues and connections carry it.
fn program_name() -> String {
    let program = std::env::args_os().next();
    let name = program.as_deref().map(std::path::Path::new).and_then(|path| path.file_stem());
    name.map_or_else(|| "busway".to_owned(), |name| name.to_string_lossy().into_owned())
}

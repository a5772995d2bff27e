//! Busway's driver for AMQP 1.0, on the wire of oslo.messaging's amqp driver: qpidd and its kin,
//! message routers, and any peer that makes nodes on demand.
//!
//! The scheme is `amqp`, as in `amqp://user:pass@host-1:5672,host-2:5672/vhost`, or `amqps` for
//! encrypted connections; the options of section `[oslo_messaging_amqp]` may stand in the URL's
//! query.
//!
//! ```no_run
//! use busway_core::Transport;
//! // Naming the crate registers the driver; programs that use `busway` need not.
//! use busway_driver_amqp1 as _;
//!
//! # async fn example() -> busway_core::Result<()> {
//! let transport = Transport::open("amqp://localhost/?idle_timeout=10").await?;
//! # transport.close().await
//! # }
//! ```
//!
//! # What the wire format decides
//!
//! - The peer names the node of the replies; no request is sent before there is one.
//! - A request counts as delivered when the peer has accepted it. A peer that makes nodes on demand
//!   stores a request that nobody serves: [`Capabilities::mandatory`] is not declared.
//! - Whether a notification that was accepted survives a restart of the peer is the peer's affair:
//!   messages are not marked durable, as in oslo.messaging.
//! - There are no pools of notification listeners.

mod attempts;
mod batches;
mod connect;
mod driver;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod link;
mod notify;
mod options;
mod rpc;
mod wire;

use std::sync::Arc;

use busway_core::config::{Options, describe};
use busway_core::driver::{Capabilities, Driver, DriverInfo, OpenFuture, OpenRequest};

pub use options::{AddressingMode, AmqpOptions, PreSettled};

/// The system's name in spans and metrics.
const SYSTEM: &str = "amqp1";

/// What the driver can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    rpc: true,
    fanout: true,
    at_most_once: true,
    call_monitoring: true,
    expiry: true,
    ordering: true,
    exchanges_apart: true,
    notifications: true,
    requeue: true,
    back_pressure: true,
    ..Capabilities::NONE
};

fn open(request: OpenRequest) -> OpenFuture {
    Box::pin(async {
        let driver = driver::AmqpDriver::open(request).await?;
        Ok(Arc::new(driver) as Arc<dyn Driver>)
    })
}

busway_core::inventory::submit! {
    DriverInfo {
        name: "amqp1",
        schemes: &["amqp", "amqps"],
        summary: "AMQP 1.0 (qpidd, message routers), on the wire of oslo.messaging's amqp driver",
        capabilities: CAPABILITIES,
        section: AmqpOptions::SECTION,
        options: describe::<AmqpOptions>,
        open,
    }
}

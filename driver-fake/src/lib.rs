//! The in-memory bus of Busway: the embedded default, and a fault injector for tests.
//!
//! `fake://NAME/` opens the bus `NAME`, shared by every transport of the process that names it;
//! `fake://` opens `default`. A bus goes with its last transport or [`Bus`] handle.
//!
//! ```
//! use busway_core::rpc::RpcClient;
//! use busway_core::{ErrorKind, Target, Transport};
//! use busway_driver_fake::Bus;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let transport = Transport::open("fake://docs/").await?;
//! let client = RpcClient::new(&transport, Target::new("greetings"));
//! let error = client.cast("hello", ()).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Undeliverable);
//! assert_eq!(Bus::named("docs").counters().undeliverable, 1);
//! # Ok::<(), busway_core::Error>(())
//! # }).unwrap();
//! ```
//!
//! # The queues
//!
//! Topics are scoped by exchange. A server listens to three queues: that of its topic, which all
//! its servers share in turn; its own; and one for its copies of fan-outs.
//!
//! - Each message for a topic is owed to the next server in turn, those first that wait with empty
//!   hands. A server that has nothing to do takes over what is owed to one that is busy.
//! - A call or cast that nobody listens to is [undeliverable](busway_core::ErrorKind::Undeliverable)
//!   at once. When the last server goes and requests are left, in its queue or given back, they
//!   wait for a new server for `rpc_queue_expiration` (60 s), as on RabbitMQ; after that they are
//!   lost, and calls that wait for them are told: undeliverable.
//! - A queue holds `queue_capacity` messages, those not yet acknowledged included. Who sends to a
//!   full one waits for room, in line, within its deadline; then it is
//!   [full](busway_core::ErrorKind::Full). A fan-out, and a notification with pools, waits until
//!   there is room in every queue, and reaches all or none.
//! - A request that has expired is not handed over.
//! - Requests with `retry` 0 are handed over once, without acknowledgement. All other messages stay
//!   with the bus until they are acknowledged. What is given back, or dropped unacknowledged,
//!   returns to its place in the queue, marked as redelivered.
//! - Notifications are stored from the first one on, in `TOPIC.PRIORITY`, for as long as the bus
//!   lives, whether somebody listens or not: a queue that nobody reads fills up. Each pool has a
//!   queue of its own, from its first listener on.
//! - Nothing survives the process.
//!
//! # Faults
//!
//! Faults come from the URL's query or the section `[oslo_messaging_fake]`, for the sends of one
//! transport ([`FakeOptions`]), or from [`Bus::faults`], for every transport of a bus. What is
//! random comes from a generator with a seed: the same sends in the same order suffer the same
//! faults. Time is Tokio's, so `tokio::time::pause` makes a minute's outage pass in no time.
//!
//! A fault does what a real bus may do, and no guarantee is broken:
//!
//! | fault | call | cast | notification |
//! |---|---|---|---|
//! | delay | the sender waits; past its deadline: `Timeout`, not sent | same | same |
//! | drop | `Timeout` at its deadline | `Ok`, never run | not confirmed: sent again, or `Connection` |
//! | duplicate | runs twice, except with `retry` 0; the second reply is dropped | same, without a reply | stored twice |
//! | fail | that error, or sent again if it is a retryable one and `retry` allows | same | same |
//! | refuse | `Refused`, at once | same | same |
//! | block | waits; at its deadline: `Full` | same | same |
//! | disconnect, before it left | waits for the connection; `Connection` at its deadline, after its retries, or at once with `retry` 0 | same | same |
//! | disconnect, after it may have left | sent again and may run twice; `InDoubt` with `retry` 0 or when retries are used up | same | same, may be stored twice |
//!
//! While a transport is disconnected, its listeners get nothing, and what they have not
//! acknowledged is given back to the bus at once (their own acknowledgement then fails as
//! [`Connection`](busway_core::ErrorKind::Connection)); their subscriptions, and what is in the
//! queues, stay. A reply waits for the connection of its server until the call expires. Senders
//! that may try for ever, as they do unless `retry` says otherwise, wait for the connection;
//! others try again every `retry_delay`. When an attempt may have reached the bus and a later one
//! fails, the error is `InDoubt`.
//! Subscribing waits for the connection; opening does not, it fails as `Connection`.

mod bus;
mod connection;
mod delivery;
mod driver;
mod faults;
mod listener;
mod options;
mod subscription;

use busway_core::config::{Options, describe};
use busway_core::driver::{DriverInfo, OpenFuture, OpenRequest};

pub use bus::{Bus, Counters, QueueStats};
pub use faults::Faults;
pub use options::{FakeOptions, Refuse};

/// What this crate registers: the driver of the scheme `fake`.
pub const DRIVER: DriverInfo = DriverInfo {
    name: "fake",
    schemes: &["fake"],
    summary: "An in-memory bus within one process, with faults to inject",
    capabilities: driver::CAPABILITIES,
    section: FakeOptions::SECTION,
    options: describe::<FakeOptions>,
    open,
};

busway_core::inventory::submit! { DRIVER }

fn open(request: OpenRequest) -> OpenFuture {
    Box::pin(async move { driver::FakeDriver::open(&request) })
}

//! The in-memory bus of Busway: the embedded default, and a fault injector for tests.

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

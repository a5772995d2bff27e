//! What services see of the in-memory bus: notifiers with their listeners, and graceful stops.

mod notifications;
mod stopping;

use busway_core::Transport;
use busway_driver_fake as _;

async fn open(bus: &str) -> Transport {
    Transport::open(&format!("fake://{bus}/")).await.expect("an open bus")
}

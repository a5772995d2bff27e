//! The pika driver on RabbitMQ brokers of the tests' own.

mod brokers;
mod place;
mod tap;

use std::sync::Arc;

use busway_driver_pika::CAPABILITIES;
use busway_testkit::brokers::RabbitMq;
use busway_testkit::{Candidate, Faults, Harness};

use brokers::Brokers;
use place::Place;
pub use tap::{Frame, Tap};

const FAULTS: Faults =
    Faults { narrow: true, sever: true, stall: true, block: true, restart: true, count: true };

/// RabbitMQ, each name space a virtual host behind a proxy of its own.
///
/// The brokers are started when the first case wants one, and end with the candidate.
#[must_use]
pub fn pika() -> Candidate {
    let brokers = Arc::new(Brokers::default());
    let alone = brokers.clone();
    let make = move || {
        let brokers = brokers.clone();
        async move { Ok(Box::new(Place::new(brokers.shared().await?).await?) as Box<dyn Harness>) }
    };
    let make_alone = move || {
        let brokers = alone.clone();
        async move { Ok(Box::new(Place::new(brokers.alone().await?).await?) as Box<dyn Harness>) }
    };
    let candidate = Candidate::new("pika", CAPABILITIES, make).with_faults(FAULTS);
    let candidate = candidate.with_a_bus_alone(make_alone);
    match RabbitMq::missing() {
        Some(reason) => candidate.missing(reason),
        None => candidate,
    }
}

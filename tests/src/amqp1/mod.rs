//! The driver for AMQP 1.0 on brokers of the tests' own.

mod bus;
mod place;

use std::time::Duration;

use busway_driver_amqp1::CAPABILITIES;
use busway_testkit::brokers::Proton;
use busway_testkit::{Candidate, Faults, Harness};

use crate::lending::{Brokers, blocking};
use bus::Bus;
use place::Place;

/// In AMQP 1.0 a broker that takes nothing gives no credit, and says no word about it.
const FAULTS: Faults = Faults { block_is_told: false, ..Faults::ALL };

/// A broker in Python takes its time for ten thousand calls where there is much else to do.
const PROTON_LIMIT: Duration = Duration::from_mins(4);

/// The desk broker, each name space a virtual host behind a proxy of its own, in routable
/// addresses.
#[must_use]
pub fn amqp1() -> Candidate {
    let brokers = Brokers::new(|| Box::pin(Bus::start_desk()));
    candidate("amqp1", brokers).with_bus("the desk broker, in routable addresses")
}

/// A broker on Qpid Proton's engine, in legacy addresses.
#[must_use]
pub fn amqp1_proton() -> Candidate {
    let brokers = Brokers::new(|| Box::pin(blocking(Bus::start_proton)));
    let candidate = candidate("amqp1-proton", brokers);
    let candidate = candidate.with_limit(PROTON_LIMIT);
    let candidate = candidate.with_bus("a broker on Qpid Proton's engine, in legacy addresses");
    match Proton::missing() {
        Some(reason) => candidate.missing(reason),
        None => candidate,
    }
}

fn candidate(name: &str, brokers: std::sync::Arc<Brokers<Bus>>) -> Candidate {
    let alone = brokers.clone();
    let make = move || {
        let brokers = brokers.clone();
        async move { Ok(Box::new(Place::new(brokers.shared().await?).await?) as Box<dyn Harness>) }
    };
    let make_alone = move || {
        let brokers = alone.clone();
        async move { Ok(Box::new(Place::new(brokers.alone().await?).await?) as Box<dyn Harness>) }
    };
    let candidate = Candidate::new(name, CAPABILITIES, make).with_faults(FAULTS);
    candidate.with_a_bus_alone(make_alone)
}

//! The driver for AMQP 1.0 on brokers of the tests' own.

mod bus;
mod place;

use busway_driver_amqp1::CAPABILITIES;
use busway_testkit::brokers::Proton;
use busway_testkit::{Candidate, Faults, Harness};

use crate::lending::{Brokers, blocking};
use bus::Bus;
use place::Place;

const FAULTS: Faults =
    Faults { narrow: true, sever: true, stall: true, restart: true, ..Faults::NONE };

/// The desk broker, each name space a virtual host behind a proxy of its own, in routable
/// addresses.
#[must_use]
pub fn amqp1() -> Candidate {
    let brokers = Brokers::new(|| Box::pin(Bus::start_desk()));
    candidate("amqp1", FAULTS, brokers)
}

/// A broker on Qpid Proton's engine, in legacy addresses.
#[must_use]
pub fn amqp1_proton() -> Candidate {
    let brokers = Brokers::new(|| Box::pin(blocking(Bus::start_proton)));
    let candidate = candidate("amqp1-proton", Faults { count: true, ..FAULTS }, brokers);
    match Proton::missing() {
        Some(reason) => candidate.missing(reason),
        None => candidate,
    }
}

fn candidate(name: &str, faults: Faults, brokers: std::sync::Arc<Brokers<Bus>>) -> Candidate {
    let alone = brokers.clone();
    let make = move || {
        let brokers = brokers.clone();
        async move { Ok(Box::new(Place::new(brokers.shared().await?).await?) as Box<dyn Harness>) }
    };
    let make_alone = move || {
        let brokers = alone.clone();
        async move { Ok(Box::new(Place::new(brokers.alone().await?).await?) as Box<dyn Harness>) }
    };
    let candidate = Candidate::new(name, CAPABILITIES, make).with_faults(faults);
    candidate.with_a_bus_alone(make_alone)
}

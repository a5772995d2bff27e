//! The pika driver on RabbitMQ brokers of the tests' own.

mod bus;
mod place;
mod tap;

use std::time::Duration;

use busway_driver_pika::CAPABILITIES;
use busway_testkit::brokers::RabbitMq;
use busway_testkit::{Candidate, Faults, Harness};

use crate::lending::{Brokers, blocking};
use bus::Bus;
use place::Place;
pub use tap::{Frame, Tap};

const FAULTS: Faults = Faults::ALL;

/// A thousand topics have six thousand queues, and the three nodes agree upon each.
const CLUSTER_LIMIT: Duration = Duration::from_mins(4);

/// RabbitMQ, each name space a virtual host behind a proxy of its own.
///
/// The brokers are started when the first case wants one, and end with the candidate.
#[must_use]
pub fn pika() -> Candidate {
    let brokers = Brokers::new(|| Box::pin(blocking(Bus::start_one)));
    let alone = brokers.clone();
    let make = move || {
        let brokers = brokers.clone();
        async move { Ok(Box::new(Place::new(brokers.shared().await?).await?) as Box<dyn Harness>) }
    };
    let make_alone = move || {
        let brokers = alone.clone();
        async move { Ok(Box::new(Place::new(brokers.alone().await?).await?) as Box<dyn Harness>) }
    };
    let candidate =
        Candidate::new("pika", CAPABILITIES, make).with_bus("RabbitMQ").with_faults(FAULTS);
    where_installed(candidate.with_a_bus_alone(make_alone))
}

/// A cluster of three RabbitMQ nodes, each name space a virtual host behind proxies of its own:
/// every transport is on a node of its own choice, and queues are wherever they were declared.
///
/// What is done to a whole bus is done to that of [`pika`]: a second cluster would cost more than
/// it could show. What becomes of a cluster that loses a node is a matter of the tests of faults.
#[must_use]
pub fn pika_cluster() -> Candidate {
    let brokers = Brokers::new(|| Box::pin(blocking(Bus::start_cluster)));
    let make = move || {
        let brokers = brokers.clone();
        async move { Ok(Box::new(Place::new(brokers.shared().await?).await?) as Box<dyn Harness>) }
    };
    let candidate = Candidate::new("pika-cluster", CAPABILITIES, make)
        .with_bus("RabbitMQ, a cluster of three nodes");
    let candidate = candidate.with_faults(Faults { block: false, restart: false, ..FAULTS });
    where_installed(candidate.with_limit(CLUSTER_LIMIT))
}

fn where_installed(candidate: Candidate) -> Candidate {
    match RabbitMq::missing() {
        Some(reason) => candidate.missing(reason),
        None => candidate,
    }
}

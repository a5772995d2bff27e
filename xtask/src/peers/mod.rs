//! `cargo xtask peers`: the Python programs that some tests and benchmarks talk to, in virtual
//! environments of the repository's own.
//!
//! Those of RabbitMQ's tests run on Python 3.7, which few machines have. Set-up makes what it can, says
//! what it cannot make, and goes on: the tests that need it are ignored.

mod environment;
mod python;
mod simulator;

use crate::{Outcome, no_arguments};
use environment::Environment;
use simulator::Simulator;

const OF_TESTS: [Environment; 2] = [
    Environment {
        name: "pika",
        without: "the tests with Python's oslo.messaging on RabbitMQ",
        python: python::V3_7,
    },
    Environment {
        name: "amqp1",
        without: "the tests of AMQP 1.0 on Qpid Proton's engine and with Python's oslo.messaging",
        python: python::RECENT,
    },
];

/// What benchmarks need besides those.
const OF_BENCHMARKS: [Environment; 1] = [Environment {
    name: "rabbit",
    without: "the benchmarks beside Python's oslo.messaging on kombu",
    python: python::RECENT,
}];

/// oslo.messaging's own simulator, of each oslo.messaging of the tests: what it needs is there, eventlet
/// included.
fn simulators() -> impl Iterator<Item = Simulator> {
    OF_TESTS.iter().map(|of| Simulator { of })
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let mut failures = Vec::new();
    for environment in OF_TESTS.iter().chain(&OF_BENCHMARKS) {
        match environment.ensure() {
            Ok(()) => println!("the Python peers are in {}", environment.folder()),
            Err(reason) => failures.push(reason),
        }
    }
    for simulator in simulators() {
        match simulator.ensure() {
            Ok(()) => println!("oslo.messaging's own simulator is in {}", simulator.folder()),
            Err(reason) => failures.push(reason),
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// Makes the peers of the tests if that is possible; says why if it is not.
pub(crate) fn try_to_have() {
    try_to_make(&OF_TESTS);
}

/// As [`try_to_have`], those that only benchmarks need.
pub(crate) fn try_to_have_for_benchmarks() {
    try_to_make(&OF_BENCHMARKS);
    for simulator in simulators() {
        if let Err(reason) = simulator.ensure() {
            let of = simulator.of.name;
            eprintln!("optional: oslo.messaging's own simulator is not run on {of}: {reason}");
        }
    }
}

fn try_to_make(environments: &[Environment]) {
    for environment in environments {
        if let Err(reason) = environment.ensure() {
            eprintln!("optional: {} are not run: {reason}", environment.without);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo;

    #[test]
    fn every_package_is_pinned() {
        for environment in OF_TESTS.iter().chain(&OF_BENCHMARKS) {
            let requirements = repo::read(&environment.requirements()).expect("the packages");
            let packages = requirements.lines().filter(|line| !line.starts_with('#'));
            let unpinned: Vec<_> = packages.filter(|line| !line.contains("==")).collect();
            assert!(unpinned.is_empty(), "not pinned: {unpinned:?}");
        }
    }

    #[test]
    fn a_simulator_is_of_the_oslo_messaging_that_is_installed() {
        for simulator in simulators() {
            let source = repo::read(&simulator.source()).expect("the source");
            let source: Vec<_> = source.lines().filter(|line| !line.starts_with('#')).collect();
            let [source] = source[..] else { panic!("not one source: {source:?}") };
            let (package, sum) = source.split_once(" --hash=sha256:").expect("a checksum");
            assert_eq!(sum.len(), 64, "{source}");
            let requirements = repo::read(&simulator.of.requirements()).expect("the packages");
            assert!(requirements.lines().any(|line| line == package), "{package} is not installed");
        }
    }
}

//! `cargo xtask peers`: the Python programs that some tests and benchmarks talk to, in virtual
//! environments of the repository's own.
//!
//! Those of RabbitMQ's tests run on Python 3.7, which few machines have. Set-up makes what it can, says
//! what it cannot make, and goes on: the tests that need it are ignored.

mod environment;
mod python;

use crate::{Outcome, no_arguments};
use environment::Environment;

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

pub(crate) fn run(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let mut failures = Vec::new();
    for environment in OF_TESTS.iter().chain(&OF_BENCHMARKS) {
        match environment.ensure() {
            Ok(()) => println!("the Python peers are in {}", environment.folder()),
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
}

//! The table of what build and tests need from a machine beyond the Rust toolchain.

use crate::run;

/// One thing that must be there.
pub(crate) struct Need {
    /// What it is, for a person.
    pub(super) what: &'static str,
    /// A command that succeeds when it is there.
    pub(super) check: &'static [&'static str],
    /// The Debian packages that bring it.
    pub(super) packages: &'static [&'static str],
}

impl Need {
    /// Whether it is there.
    pub(super) fn is_met(&self) -> bool {
        run::succeeds(self.check)
    }
}

#[rustfmt::skip]
pub(super) const NEEDS: &[Need] = &[
    Need { what: "a C compiler and linker", check: &["cc", "--version"], packages: &["gcc", "libc6-dev"] },
    // The package starts a service where it can; the tests start brokers of their own.
    Need { what: "the broker RabbitMQ", check: &["test", "-x", "/usr/lib/rabbitmq/bin/rabbitmq-server"], packages: &["rabbitmq-server"] },
    // For a broker on Qpid Proton's engine, which comes as sources. Pyenv's, if any, may lack it.
    Need { what: "a Python that can build packages", check: &["sh", "-c", PYTHON], packages: &["python3-venv", "python3-dev"] },
    // With it that broker asks for passwords by SCRAM.
    Need { what: "Cyrus SASL with SCRAM", check: &["sh", "-c", CYRUS], packages: &["libsasl2-2", "libsasl2-modules", "libsasl2-modules-db"] },
];

/// What the fuzzers' runtime is compiled by.
pub(crate) const CPLUSPLUS: Need =
    Need { what: "a C++ compiler", check: &["c++", "--version"], packages: &["g++"] };

/// The C++ client that one of the benchmarks has for comparison.
pub(crate) const PROTON: Need = Need {
    what: "Qpid Proton's C++ client",
    check: &["test", "-e", "/usr/include/proton/container.hpp"],
    packages: &["libqpid-proton-cpp12-dev"],
};

/// What counts instructions.
pub(crate) const VALGRIND: Need =
    Need { what: "Valgrind", check: &["valgrind", "--version"], packages: &["valgrind"] };

const CYRUS: &str = "\
    for plugin in scram sasldb; do \
      ls /usr/lib/*/sasl2/lib$plugin.so* /usr/lib*/sasl2/lib$plugin.so* 2>&- | grep -q . || exit 1; \
    done";

const PYTHON: &str = "\
    for python in python3 /usr/bin/python3; do \
      $python -c 'import ensurepip, sysconfig, venv; \
                  open(sysconfig.get_paths()[\"include\"] + \"/Python.h\")' && exit 0; \
    done; exit 1";

//! The table of arrows: which crate may use which.
//!
//! A driver never knows another driver, and the core knows no driver: that is what lets a new one
//! be added without touching what is there.

/// What one package may use of the others.
pub(super) struct Row {
    /// The package.
    pub(super) package: &'static str,
    /// What it may use.
    pub(super) uses: &'static [&'static str],
    /// What its tests may use besides.
    pub(super) tests_use: &'static [&'static str],
}

impl Row {
    /// Whether the package, or its tests, may use another.
    pub(super) fn allows(&self, used: &str, for_tests: bool) -> bool {
        self.uses.contains(&used) || (for_tests && self.tests_use.contains(&used))
    }
}

const ALL: &[&str] = &[
    "busway",
    "busway-broker",
    "busway-cli",
    "busway-core",
    "busway-driver-amqp1",
    "busway-driver-fake",
    "busway-driver-pika",
    "busway-macros",
    "busway-testkit",
];

#[rustfmt::skip]
pub(super) const TABLE: &[Row] = &[
    Row { package: "busway-core", uses: &[], tests_use: &[] },
    Row { package: "busway-driver-fake", uses: &["busway-core"], tests_use: &["busway-testkit"] },
    Row { package: "busway-driver-pika", uses: &["busway-core"], tests_use: &["busway-testkit"] },
    Row { package: "busway-driver-amqp1", uses: &["busway-core"], tests_use: &["busway-testkit"] },
    // Its tests compile what its macros write, which names `::busway`.
    Row { package: "busway-macros", uses: &[], tests_use: &["busway"] },
    Row {
        package: "busway",
        uses: &["busway-core", "busway-driver-amqp1", "busway-driver-fake", "busway-driver-pika", "busway-macros"],
        tests_use: &[],
    },
    Row { package: "busway-broker", uses: &[], tests_use: &[] },
    Row { package: "busway-cli", uses: &["busway", "busway-broker"], tests_use: &["busway-testkit"] },
    Row { package: "busway-testkit", uses: &["busway-broker", "busway-core"], tests_use: &[] },
    Row { package: "xtask", uses: &[], tests_use: &[] },
    Row { package: "busway-tests", uses: ALL, tests_use: &[] },
    Row {
        package: "busway-linkage",
        uses: &["busway", "busway-core", "busway-driver-fake"],
        tests_use: &[],
    },
    Row { package: "busway-benches", uses: ALL, tests_use: &[] },
    Row { package: "busway-hot-paths", uses: &["busway"], tests_use: &[] },
    // Its tests are the book's examples, one of which is a driver, and the pages made from the code.
    Row {
        package: "busway-book",
        uses: &["busway"],
        tests_use: &["busway-cli", "busway-core", "busway-testkit"],
    },
];

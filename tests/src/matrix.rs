use busway_testkit::Matrix;

/// The file of the page, from the folder of this crate.
pub const MATRIX_PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/matrix.md");

const HEAD: &str = "\
# The matrix

<!-- Written by `cargo xtask matrix`. -->

Every driver of the repository, on each bus that it is tested on, against every case of the
conformance suite. Each column is a candidate: a driver on a bus. Each mark is a case:

| mark | means |
|---|---|
| ✓ | the case holds |
| – | the driver does not declare what the case needs, and says `Unsupported` where it is asked for; or the tests cannot stage on this bus what the case needs |
| ✗ | the case does not hold |

What a driver declares decides which cases it has to pass: there is no list of exceptions. The test
command runs all of them, on every bus, and fails with any ✗; a test compares this page with what is
declared. `cargo xtask matrix` runs them by themselves, and prints and writes what came of them. A
bus that is not on the machine is named with what to install, and has `?` in its column; the page is
then left as it is.

What is done to a whole bus, blocking or restarting it, is not done to the cluster by the suite: what
becomes of a cluster that loses a node is shown by tests of its own
([RabbitMQ: fail-over](pika-failover.md)).

";

/// The page of the book on which the matrix stands.
#[must_use]
pub fn matrix_page(matrix: &Matrix) -> String {
    format!("{HEAD}{}", matrix.to_markdown())
}

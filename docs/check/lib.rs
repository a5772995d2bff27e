//! Every page of the book, and the README, as doc tests: each Rust example is compiled and run by
//! `cargo test -p busway-book`. Lines that begin with `# ` are hidden by mdBook and by rustdoc.

/// Makes a module of each page.
macro_rules! pages {
    ($($name:ident: $path:literal)*) => {
        $(
            #[doc = include_str!($path)]
            #[cfg(doctest)]
            pub mod $name {}
        )*
    };
}

pages! {
    readme: "../../README.md"
    introduction: "../src/introduction.md"
    first_service: "../src/first-service.md"
    patterns: "../src/patterns.md"
    guarantees: "../src/guarantees.md"
    errors: "../src/errors.md"
    notifications: "../src/notifications.md"
    configuration: "../src/configuration.md"
    testing: "../src/testing.md"
    blocking: "../src/blocking.md"
    observability: "../src/observability.md"
    command_line: "../src/command-line.md"
    pika: "../src/pika.md"
    pika_tls: "../src/pika-tls.md"
    writing_a_driver: "../src/writing-a-driver.md"
    oslo: "../src/oslo.md"
}

//! The service of the demo: what its servers do, and the client that calls them.

use std::fmt;

use busway::{client, endpoint};
use tokio::sync::mpsc;

/// What a server does: its async methods can be called over the bus.
pub(super) struct Greeter {
    /// The name of the server.
    pub(super) server: &'static str,
    /// Where it tells what it was told by casts, for the demo to check.
    pub(super) told: mpsc::Sender<Told>,
}

/// What a server was told by a cast.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    pub(super) server: &'static str,
    pub(super) what: String,
}

#[endpoint(version = "1.0")]
impl Greeter {
    /// Greets somebody.
    async fn hello(&self, name: String) -> String {
        format!("Hello {name}, this is {}!", self.server)
    }

    /// Divides, or fails with a typed error, which is `expected`: no fault of the server.
    #[expected]
    async fn divide(&self, number: i64, by: i64) -> Result<i64, DivisionByZero> {
        number.checked_div(by).ok_or(DivisionByZero)
    }

    /// Takes a note. Nobody waits for a result.
    async fn note(&self, what: String) {
        self.tell(what).await;
    }

    /// Takes a warning, which is for every server.
    async fn warn(&self, of: String) {
        self.tell(of).await;
    }
}

impl Greeter {
    async fn tell(&self, what: String) {
        // When the demo has ended already, nobody reads it.
        let _ = self.told.send(Told { server: self.server, what }).await;
    }
}

/// The typed client of the same interface: what is called, and how.
#[client(version = "1.0")]
pub(super) trait Greetings {
    async fn hello(&self, name: &str) -> String;

    async fn divide(&self, number: i64, by: i64) -> i64;

    #[cast]
    async fn note(&self, what: &str);

    #[cast(fanout)]
    async fn warn(&self, of: &str);
}

/// The error of a division that has no result; the caller gets its name and its text.
#[derive(Debug)]
pub(super) struct DivisionByZero;

impl fmt::Display for DivisionByZero {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing can be divided by 0")
    }
}

impl std::error::Error for DivisionByZero {}

//! A small AMQP 1.0 broker in memory, for development and tests: a bus on a bare machine, or one
//! inside of a test.
//!
//! It keeps everything in memory, nothing survives it, and it is never for production: run qpidd,
//! Artemis, a dispatch router or RabbitMQ there.
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let broker = busway_broker::Broker::start("127.0.0.1:0".parse()?).await?;
//! println!("a bus at {}", broker.url());
//! broker.stop().await;
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
//! ```
//!
//! # What it does
//!
//! - **Nodes on demand.** The beginning of a name decides ([`Builder::queue_patterns`],
//!   [`Builder::topic_patterns`]), as with qpidd; the patterns that are there without a word are
//!   those of oslo.messaging's addresses. A node goes when nobody uses it and nothing is in it. A
//!   link to another name is attached and closed at once with `amqp:not-found`.
//! - **Queues** give each message to one consumer, in turns, and only to one with credit. Accepted
//!   and rejected messages are gone; released ones come again as they were; modified ones come
//!   again with their delivery count raised, or never again to that consumer. What a link had and
//!   did not settle when it went comes again, in its order, with its delivery count raised.
//! - **Topics** give a copy to each subscription that is there, and keep nothing.
//! - **Dynamic sources**: a queue with a name of the broker's choice, which lives as long as its
//!   link.
//! - **The anonymous terminus**: a sender without a target address, whose messages go where their
//!   `to` says.
//! - **Expiry** by `ttl` and by `absolute-expiry-time`.
//! - **Bounds.** Queues are bounded; a sender gets credit only while there is room, and what is
//!   over is rejected with `amqp:resource-limit-exceeded`. A topic has as much room as its slowest
//!   subscription. All bounds are options of the [`Builder`].
//! - **SASL** ANONYMOUS and PLAIN, and TLS.
//!
//! # What it does not
//!
//! Transactions, browsing, filters, durable or resumed links, dynamic targets, message groups,
//! and priorities. Credit that a peer takes back in the same breath as it gives it can leave one
//! message with it, until it gives credit again or its link ends. A drain gives the credit back at
//! once, and delivers nothing.
#![forbid(unsafe_code)]

mod broker;
mod builder;
mod connection;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod limits;
mod links;
mod listener;
mod nodes;
mod session;
mod tap;

pub use broker::Broker;
pub use builder::Builder;
pub use error::StartError;

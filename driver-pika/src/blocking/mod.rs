//! A small client of RabbitMQ for scripts, in the shape of pika's `BlockingConnection` and
//! `BlockingChannel`: its methods wait, and need no async runtime.
//!
//! It shares the driver's connections (TLS, credentials, the options of
//! [`ConnectionParameters`](crate::ConnectionParameters)) and nothing else: what it declares and
//! publishes is up to the program, not to oslo.messaging.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use busway_driver_pika::ConnectionParameters;
//! use busway_driver_pika::blocking::{BlockingConnection, Consume, Properties, QueueDeclare};
//!
//! let connection = BlockingConnection::open(&ConnectionParameters::default())?;
//! let channel = connection.channel()?;
//! channel.queue_declare("jobs", &QueueDeclare { durable: true, ..QueueDeclare::default() })?;
//! channel.confirm_delivery()?;
//! channel.basic_publish("", "jobs", b"sweep", &Properties::persistent(), true)?;
//!
//! let until_idle = Consume { inactivity_timeout: Some(Duration::from_secs(5)), ..Consume::default() };
//! for message in &mut channel.consume("jobs", &until_idle)? {
//!     let message = message?;
//!     println!("{}", String::from_utf8_lossy(&message.body));
//!     channel.basic_ack(message.delivery_tag, false)?;
//! }
//! connection.close()?;
//! # Ok::<(), busway_core::Error>(())
//! ```
//!
//! # What is other than in pika
//!
//! - A connection has a thread of its own, which answers heartbeats while the script is busy.
//!   Callbacks still run on the script's thread alone: in
//!   [`process_data_events`](BlockingConnection::process_data_events),
//!   [`sleep`](BlockingConnection::sleep), and while it waits for messages or publishes.
//! - Nothing waits for ever: each operation has the time-out of the connection, 30 seconds by
//!   [default](BlockingConnectionBuilder::timeout).
//! - A channel asks for 100 unacknowledged messages at most until
//!   [`basic_qos`](BlockingChannel::basic_qos) says otherwise, so that memory is bounded.
//! - A connection that is lost does not come back, as in pika: open another one.
//!
//! # Errors
//!
//! All are [`busway_core::Error`], whose kind tells what to do:
//!
//! | kind | when |
//! |---|---|
//! | `Closed` | the connection or channel was closed, by us or by the broker |
//! | `Connection` | the connection was lost |
//! | `Undeliverable` | no such queue or exchange; [`Unroutable`] |
//! | `Refused` | no permission, or declared with other arguments |
//! | `Full` | [`Nacked`]; a blocked connection |
//! | `InDoubt` | the connection was lost, or the channel closed, before the broker confirmed a message |
//! | `Timeout` | the broker did not answer in time |
//! | `InvalidArgument` | a name above 255 bytes, a number that AMQP does not have |
//! | `Unsupported` | called within an async runtime, whose thread would stand still: use a thread of its own |

mod arguments;
mod builder;
mod callbacks;
mod channel;
mod connection;
mod consume;
mod exchanges;
mod message;
mod properties;
mod publish;
mod queues;
mod runtime;
mod session;
mod settle;
mod supervise;

pub use arguments::Arguments;
pub use builder::BlockingConnectionBuilder;
pub use channel::BlockingChannel;
pub use connection::BlockingConnection;
pub use consume::{Consume, Consumer};
pub use exchanges::ExchangeDeclare;
pub use message::{Delivery, Returned};
pub use properties::Properties;
pub use publish::{Nacked, Unroutable};
pub use queues::{Queue, QueueDeclare};

//! One messaging API, many buses.
//!
//! A service is written once against a [`Transport`] and a [`Target`]; the scheme of one URL says
//! what carries its messages: memory (`fake://`), RabbitMQ (`pika://`), a peer of
//! AMQP 1.0 (`amqp://`), or a [`driver`] of one's own.
//! The ideas are those of OpenStack's oslo.messaging, and so are the bytes on the wire: over
//! RabbitMQ, a Rust service and a Python service share one bus.
//!
//! ```
//! use busway::{RpcClient, RpcServer, Target, Transport, endpoint};
//! use serde_json::json;
//!
//! struct Greeter;
//!
//! #[endpoint]
//! impl Greeter {
//!     async fn hello(&self, name: String) -> String {
//!         format!("Hello, {name}!")
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> busway::Result<()> {
//!     let transport = Transport::open("fake://").await?;
//!     let target = Target::new("greetings").with_server("host-1");
//!     let server = RpcServer::builder(&transport, target).endpoint(Greeter).start().await?;
//!
//!     let client = RpcClient::new(&transport, Target::new("greetings"));
//!     let greeting: String = client.call("hello", json!({ "name": "Ada" })).await?;
//!     assert_eq!(greeting, "Hello, Ada!");
//!     server.stop().await
//! }
//! ```
//!
//! # Where to find what
//!
//! | for | see |
//! |---|---|
//! | calling methods of others | [`RpcClient`], typed with [`client`](macro@client) |
//! | serving methods | [`RpcServer`], with [`endpoint`](macro@endpoint) or an [`Endpoint`] by hand |
//! | telling what happened | [`Notifier`] |
//! | listening to that | [`NotificationListener`] |
//! | files, environment, options | [`config`], [`Config`] |
//! | what may go wrong | [`Error`], [`ErrorKind`], [`RemoteError`] |
//! | programs without an async runtime | [`blocking`] |
//! | a bus of one's own | [`driver`] |
//!
//! # Features
//!
//! | feature | brings | by default |
//! |---|---|---|
//! | `fake` | the in-memory bus, and its interface in [`fake`] | yes |
//! | `amqp1` | AMQP 1.0, as [`amqp1`] says | yes |
//! | `pika` | RabbitMQ, as [`pika`] says | yes |
//! | `blocking` | the module [`blocking`] | yes |
//! | `metrics` | counters and histograms through the `metrics` facade: see [`metrics`] | no |

#[cfg(feature = "blocking")]
pub mod blocking;

/// AMQP 1.0: the scheme `amqp://`, its options, and what it promises.
#[cfg(feature = "amqp1")]
pub use busway_driver_amqp1 as amqp1;

/// The in-memory bus: the scheme `fake://`, and what a test may ask it and do to it.
///
/// A driver that the program names is linked and registered, so that its scheme is known.
#[cfg(feature = "fake")]
pub use busway_driver_fake as fake;

/// RabbitMQ: the scheme `pika://`, its options, and what it promises.
#[cfg(feature = "pika")]
pub use busway_driver_pika as pika;

#[doc(hidden)]
pub use busway_core::__private;
pub use busway_core::notify::{
    BatchEndpoint, Handled, IncomingNotification, Notification, NotificationEndpoint,
    NotificationFilter, NotificationListener, Notifier, Priority, endpoint_fn,
};
pub use busway_core::rpc::{
    AccessPolicy, Endpoint, Failure, Prepared, RpcClient, RpcClientBuilder, RpcServer,
    RpcServerBuilder, Visibility,
};
pub use busway_core::{
    Config, Context, ContextSerializer, Error, ErrorKind, Format, Limits, MASK,
    NoOpContextSerializer, Payload, RemoteError, RemoteKind, Result, Secret, TRACEPARENT, Target,
    Transport, TransportBuilder, TransportUrl, Value, Version, async_trait,
};
pub use busway_core::{codec, config, driver, error, metrics, notify, rpc, url};

#[doc = include_str!("docs/client.md")]
pub use busway_macros::client;
#[doc = include_str!("docs/endpoint.md")]
pub use busway_macros::endpoint;

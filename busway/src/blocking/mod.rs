//! For programs without an async runtime: clients, servers and notifiers whose methods wait.
//!
//! A [`Transport`] owns the runtime that everything made with it runs on: two threads that do the
//! work of the bus, and more, as needed, for synchronous handlers. The last handle of it ends them.
//!
//! ```
//! use busway::Target;
//! use busway::blocking::{RpcClient, RpcServer, Transport, service};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Hello {
//!     name: String,
//! }
//!
//! let transport = Transport::open("fake://blocking")?;
//! let target = Target::new("greetings");
//! let hello = service("hello", |args: Hello, _| Ok(format!("Hello, {}!", args.name)));
//! let server = RpcServer::builder(&transport, target.clone().with_server("s1"))
//!     .endpoint(hello)
//!     .start()?;
//!
//! let client = RpcClient::new(&transport, target);
//! let greeting: String = client.call("hello", serde_json::json!({ "name": "Ada" }))?;
//! assert_eq!(greeting, "Hello, Ada!");
//! server.stop()?;
//! transport.close()?;
//! # Ok::<(), busway::Error>(())
//! ```
//!
//! What has no blocking form of its own, a client made by `#[client]` or a notification listener,
//! is used through [`Transport::block_on`].
//!
//! Called within an async runtime, these methods would stop the thread that others run on: they
//! return an error of kind [`Unsupported`](crate::ErrorKind::Unsupported) instead. The handlers of
//! a [`Service`] may call them.

mod client;
mod notifier;
mod prepared;
mod runtime;
mod server;
mod service;
mod transport;

pub use client::RpcClient;
pub use notifier::Notifier;
pub use prepared::Prepared;
pub use server::{RpcServer, RpcServerBuilder};
pub use service::{Service, service};
pub use transport::Transport;

//! The core of Busway: one messaging API over many buses.
//!
//! A [`Transport`] is opened from one URL whose scheme chooses the driver; a [`Target`] says where
//! a message goes; [`rpc`] has clients and servers, [`notify`] has notifiers and listeners,
//! [`driver`] is the contract of what carries the messages. Users depend on the crate `busway`,
//! which re-exports all of this and brings the drivers.

pub mod codec;
pub mod config;
mod context;
mod context_serializer;
mod deadline;
pub mod driver;
pub mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod metrics;
#[cfg(feature = "net")]
pub mod net;
pub mod notify;
mod payload;
pub mod rpc;
mod secret;
mod serving;
mod spans;
mod target;
mod transport;
pub mod url;

/// What the code of the macros names; no part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use async_trait::async_trait;
    pub use serde;

    pub use crate::rpc::typed::*;
}

pub use async_trait::async_trait;
pub use inventory;
pub use serde_json::Value;

pub use codec::{Format, Limits};
pub use config::Config;
pub use context::{Context, TRACEPARENT};
pub use context_serializer::{ContextSerializer, NoOpContextSerializer};
pub use error::{Error, ErrorKind, RemoteError, RemoteKind, Result};
pub use notify::{
    BatchEndpoint, Handled, IncomingNotification, Notification, NotificationEndpoint,
    NotificationFilter, NotificationListener, Notifier, Priority, endpoint_fn,
};
pub use payload::Payload;
pub use secret::{MASK, Secret};
pub use target::{Target, Version};
pub use transport::{Transport, TransportBuilder};
pub use url::TransportUrl;

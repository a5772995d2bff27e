//! Programs of Python's oslo.messaging, and what is said between them and Busway on every bus that
//! both know.

mod peer;
mod stage;

pub mod from_python;
pub mod notifications;
pub mod to_python;
pub mod together;

pub use peer::{Environment, Peer};
pub use stage::{Stage, TOPIC, context, serve, service, values};

//! Remote procedure calls: clients that call and cast, servers that dispatch to endpoints.

mod endpoint;
mod failure;

pub use endpoint::{AccessPolicy, Endpoint, Visibility};
pub use failure::Failure;

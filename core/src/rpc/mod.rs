//! Remote procedure calls: clients that call and cast, servers that dispatch to endpoints.

mod client;
mod endpoint;
mod failure;
mod server;
mod trace;
pub(crate) mod typed;

pub use client::{Prepared, RpcClient, RpcClientBuilder};
pub use endpoint::{AccessPolicy, Endpoint, Visibility};
pub use failure::Failure;
pub use server::{PING_METHOD, RpcServer, RpcServerBuilder};

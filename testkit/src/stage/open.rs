use busway_core::rpc::{RpcClient, RpcServer};
use busway_core::{Config, Result, Target, Transport};

use super::{PATIENCE, Service};
use crate::Harness;

/// A transport of the harness's name space, with the defaults.
///
/// # Errors
/// What the driver says.
pub async fn open(harness: &dyn Harness) -> Result<Transport> {
    harness.open(Config::new()).await
}

/// A transport of the harness's name space, with these options of the section `[DEFAULT]`.
///
/// # Errors
/// A bad option, and what the driver says.
pub async fn open_with(harness: &dyn Harness, options: &[(&str, &str)]) -> Result<Transport> {
    let builder = options.iter().fold(Config::builder(), |builder, (option, value)| {
        builder.set("DEFAULT", *option, *value)
    });
    harness.open(builder.build()?).await
}

/// A server of this topic and name.
///
/// # Errors
/// What the driver says.
pub async fn serve(
    transport: &Transport,
    topic: &str,
    server: &str,
    service: Service,
) -> Result<RpcServer> {
    let target = Target::new(topic).with_server(server);
    RpcServer::builder(transport, target).endpoint(service).start().await
}

/// A client of this topic whose calls must be answered soon.
#[must_use]
pub fn client(transport: &Transport, topic: &str) -> RpcClient {
    RpcClient::builder(transport, Target::new(topic)).timeout(PATIENCE).build()
}

/// A client of this topic whose casts never expire.
#[must_use]
pub fn caster(transport: &Transport, topic: &str) -> RpcClient {
    RpcClient::new(transport, Target::new(topic))
}

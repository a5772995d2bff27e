use async_trait::async_trait;

use crate::rpc::{Endpoint, Failure, Visibility};
use crate::{Context, Payload};

/// The method by which a server tells that it lives, with the option `rpc_ping_enabled`; the
/// name is oslo.messaging's. It returns `"pong"`.
pub const PING_METHOD: &str = "oslo_rpc_server_ping";

/// Answers to [`PING_METHOD`], whatever the arguments.
pub(super) struct Ping;

#[async_trait]
impl Endpoint for Ping {
    fn visibility(&self, method: &str) -> Option<Visibility> {
        (method == PING_METHOD).then_some(Visibility::Exposed)
    }

    async fn call(&self, _: &str, _: Payload, _: Context) -> Result<Payload, Failure> {
        Ok(Payload::of("pong")?)
    }
}

//! A call there and back.

use std::time::{Duration, Instant};

use busway::rpc::RpcClient;
use busway::{
    Context, Endpoint, Error, ErrorKind, Failure, Payload, Result, RpcServer, Target, Transport,
    Visibility, async_trait,
};
use uuid::Uuid;

use super::steps::{Step, Steps};
use crate::problem::Outcome;

/// Answers with its arguments.
struct Echo;

#[async_trait]
impl Endpoint for Echo {
    fn visibility(&self, method: &str) -> Option<Visibility> {
        (method == "echo").then_some(Visibility::Exposed)
    }

    async fn call(&self, _: &str, args: Payload, _: Context) -> Result<Payload, Failure> {
        Ok(args)
    }
}

/// Calls a server of its own over the bus.
pub(super) async fn check(steps: &mut Steps, transport: &Transport, patience: Duration) -> Outcome {
    if !transport.capabilities().rpc {
        return steps.tell(&Step::skipped("round trip", "the driver does no calls"));
    }
    let went = tokio::time::timeout(patience, go(transport)).await.unwrap_or_else(|_| {
        let message = format!("no call came there and back within {patience:?}");
        Err(Error::new(ErrorKind::Timeout, message))
    });
    let name = match &went {
        Err(error) if error.kind() == ErrorKind::Refused => "permission",
        _ => "round trip",
    };
    steps.needs(name, went, |took| {
        format!("a call came there and back in {:.1} ms", took.as_secs_f64() * 1000.0)
    })?;
    Ok(())
}

async fn go(transport: &Transport) -> Result<Duration> {
    let target = Target::new(format!("busway-check-{}", Uuid::new_v4().simple()));
    let server = RpcServer::builder(transport, target.clone().with_server("check"));
    let server = server.endpoint(Echo).start().await?;
    let sent = serde_json::json!({ "check": target.topic() });
    let started = Instant::now();
    let came: Result<Payload> = RpcClient::new(transport, target).call("echo", &sent).await;
    let took = started.elapsed();
    server.stop().await?;
    if came?.to::<serde_json::Value>()? != sent {
        return Err(Error::new(ErrorKind::Internal, "the reply is not what was sent"));
    }
    Ok(took)
}

//! What is not declared and asked for nevertheless must be refused, at once.

use busway_core::driver::Capabilities;
use busway_core::rpc::{RpcClient, RpcServer};
use busway_core::{Error, ErrorKind, Target};
use futures_util::future::LocalBoxFuture;

use super::{CaseResult, Need};
use crate::Harness;
use crate::cases::telling::{TOPIC, notifier, noting};
use crate::stage::{Journal, PATIENCE, Service, open, soon};

type Check = for<'a> fn(&'a dyn Harness) -> LocalBoxFuture<'a, CaseResult>;

/// How to ask for a need that is not met; `None` where it cannot be asked for: a promise rather
/// than an operation, or an operation of something that is not declared either.
pub(super) fn opposite(need: Need, declared: &Capabilities) -> Option<Check> {
    match need {
        Need::Rpc => Some(|harness| Box::pin(no_rpc(harness))),
        Need::Fanout if declared.rpc => Some(|harness| Box::pin(no_fanout(harness))),
        Need::CallMonitoring if declared.rpc => Some(|harness| Box::pin(no_monitoring(harness))),
        Need::Notifications => Some(|harness| Box::pin(no_notifications(harness))),
        Need::Requeue if declared.notifications => Some(|harness| Box::pin(no_requeue(harness))),
        Need::Pools if declared.notifications => Some(|harness| Box::pin(no_pools(harness))),
        _ => None,
    }
}

async fn no_rpc(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let client = RpcClient::new(&transport, harness.unserved());
    refused("call", soon(client.call::<_, ()>("m", ())).await);
    refused("cast", soon(client.cast("m", ())).await);
    let target = Target::new("topic").with_server("server");
    let server = RpcServer::builder(&transport, target).endpoint(Service::echo());
    refused("listen", soon(server.start()).await);
    Ok(())
}

async fn no_fanout(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let client = RpcClient::new(&transport, harness.unserved());
    refused("a fan-out cast", soon(client.prepare().fanout(true).cast("m", ())).await);
    Ok(())
}

async fn no_monitoring(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let client = RpcClient::new(&transport, harness.unserved());
    let monitored = client.prepare().call_monitor_timeout(PATIENCE);
    refused("a monitored call", soon(monitored.call::<_, ()>("m", ())).await);
    Ok(())
}

async fn no_notifications(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    // Asked of the notifier, which may say so when it is made.
    let told = async { notifier(&transport)?.info("event", ()).await };
    refused("notify", soon(told).await);
    let listener = noting(&transport, TOPIC, &Journal::new());
    refused("listen to notifications", soon(listener.start()).await);
    Ok(())
}

async fn no_requeue(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let listener = noting(&transport, TOPIC, &Journal::new()).allow_requeue(true);
    refused("a listener that may requeue", soon(listener.start()).await);
    Ok(())
}

async fn no_pools(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let listener = noting(&transport, TOPIC, &Journal::new()).pool("pool");
    refused("a listener of a pool", soon(listener.start()).await);
    Ok(())
}

#[track_caller]
fn refused<T>(what: &str, result: Result<T, Error>) {
    match result {
        Ok(_) => panic!("{what} is not declared, and yet succeeded"),
        Err(error) => assert_eq!(
            error.kind(),
            ErrorKind::Unsupported,
            "{what} is not declared, and yet failed otherwise: {error}"
        ),
    }
}

//! Monitored calls: a handler that lives keeps its caller waiting, a dead one does not.

use std::time::Duration;

use busway_core::ErrorKind;
use serde_json::{Value, json};

use crate::Harness;
use crate::stage::{Gate, Service, client, open, serve, soon};
use crate::suite::{CaseResult, cases};

/// How long a caller waits for a sign of life. Two heartbeats fit in, with the delays of a slow
/// machine.
const MONITOR: Duration = Duration::from_secs(2);
/// A timeout that no case waits for.
const LONG: Duration = Duration::from_mins(10);

cases! {
    [Rpc, CallMonitoring]
    a_monitored_call_returns_its_result;
    heartbeats_keep_a_long_call_alive;
    a_call_whose_server_died_times_out_by_its_monitor;
    a_monitored_call_ends_with_its_own_timeout;
    a_monitored_call_fails_as_its_handler_does;
}

async fn a_monitored_call_returns_its_result(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let monitored = client(&transport, "topic").prepare().call_monitor_timeout(MONITOR);
    let reply: Value = monitored.call("echo", json!({ "a": 1 })).await?;
    assert_eq!(reply, json!({ "a": 1 }));
    Ok(())
}

async fn heartbeats_keep_a_long_call_alive(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let service = Service::new().method("work", |_: Value, _| async {
        // Work, not waiting: it takes longer than the monitor's patience.
        tokio::time::sleep(MONITOR * 3).await;
        Ok("done")
    });
    let _server = serve(&theirs, "topic", "server", service).await?;
    let monitored = client(&ours, "topic").prepare().timeout(LONG).call_monitor_timeout(MONITOR);
    let reply: String = soon(monitored.call("work", ())).await?;
    assert_eq!(reply, "done");
    Ok(())
}

async fn a_call_whose_server_died_times_out_by_its_monitor(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let gate = Gate::shut();
    let server = serve(&theirs, "topic", "server", Service::new().waiting(&gate)).await?;
    let monitored = client(&ours, "topic").prepare().timeout(LONG).call_monitor_timeout(MONITOR);
    let dying = async {
        gate.entered(1).await;
        drop(server);
    };
    let (reply, ()) =
        soon(async { tokio::join!(monitored.call::<_, ()>("wait", ()), dying) }).await;
    assert_eq!(reply.expect_err("nobody answers").kind(), ErrorKind::Timeout);
    Ok(())
}

async fn a_monitored_call_ends_with_its_own_timeout(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let gate = Gate::shut();
    let _server = serve(&transport, "topic", "server", Service::new().waiting(&gate)).await?;
    let monitored = client(&transport, "topic").prepare().call_monitor_timeout(LONG);
    let hasty = monitored.timeout(MONITOR);
    let error = soon(hasty.call::<_, ()>("wait", ())).await.expect_err("nobody answered");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    Ok(())
}

async fn a_monitored_call_fails_as_its_handler_does(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let _server = serve(&transport, "topic", "server", Service::echo()).await?;
    let monitored = client(&transport, "topic").prepare().call_monitor_timeout(MONITOR);
    let error = monitored.call::<_, ()>("missing", ()).await.expect_err("no such method");
    assert_eq!(error.kind(), ErrorKind::Remote);
    Ok(())
}

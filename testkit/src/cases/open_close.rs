//! Opening and closing: twice, at once, while busy; and use after it.

use std::time::Duration;

use busway_core::driver::Capabilities;
use busway_core::rpc::{RpcClient, RpcServer};
use busway_core::{Error, ErrorKind, Result, Target, Transport};
use futures_util::future::{join_all, try_join_all};
use serde_json::{Value, json};

use crate::Harness;
use crate::stage::{Gate, Service, client, open, serve, soon, until};
use crate::suite::{CaseResult, cases};

cases! {
    []
    a_transport_declares_what_its_driver_declares;
    closing_twice_is_no_error;
    closing_many_times_at_once_is_no_error;
    many_transports_open_and_close_at_once;
    opening_again_after_closing_works needs Rpc;
    a_closed_transport_refuses_everything;
    closing_one_transport_leaves_the_others_alone needs Rpc;
    closing_waits_for_the_calls_under_way needs Rpc;
    closing_gives_up_what_is_still_under_way_at_its_deadline needs Rpc;
    closing_ends_the_servers_of_the_transport needs Rpc;
    a_dropped_transport_leaves_no_task_behind needs Rpc;
}

async fn a_transport_declares_what_its_driver_declares(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let again = open(harness).await?;
    let declared = transport.capabilities();
    assert_eq!(transport.capabilities(), declared, "asked twice");
    assert_eq!(again.capabilities(), declared, "of another transport");
    assert_ne!(declared, Capabilities::NONE, "a driver that does nothing");
    Ok(())
}

async fn closing_twice_is_no_error(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    assert!(!transport.is_closed());
    soon(transport.close()).await?;
    assert!(transport.is_closed());
    soon(transport.close()).await?;
    Ok(())
}

async fn closing_many_times_at_once_is_no_error(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let closing = (0..8).map(|_| transport.close());
    soon(try_join_all(closing)).await?;
    Ok(())
}

async fn many_transports_open_and_close_at_once(harness: &dyn Harness) -> CaseResult {
    let transports = soon(try_join_all((0..16).map(|_| open(harness)))).await?;
    soon(try_join_all(transports.iter().map(Transport::close))).await?;
    Ok(())
}

async fn opening_again_after_closing_works(harness: &dyn Harness) -> CaseResult {
    for _ in 0..3 {
        let transport = open(harness).await?;
        let server = serve(&transport, "topic", "server", Service::echo()).await?;
        let reply: Value = client(&transport, "topic").call("echo", json!({ "a": 1 })).await?;
        assert_eq!(reply, json!({ "a": 1 }));
        soon(server.stop()).await?;
        soon(transport.close()).await?;
    }
    Ok(())
}

async fn a_closed_transport_refuses_everything(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let notifier = crate::cases::telling::notifier(&transport);
    soon(transport.close()).await?;

    let client = RpcClient::new(&transport, Target::new("topic"));
    closed(soon(client.call::<_, ()>("m", ())).await);
    closed(soon(client.cast("m", ())).await);
    closed(soon(client.prepare().fanout(true).cast("m", ())).await);
    closed(soon(serve(&transport, "topic", "server", Service::echo())).await);
    if let Ok(notifier) = notifier {
        closed(soon(notifier.info("event", json!({}))).await);
        let journal = crate::stage::Journal::new();
        closed(soon(crate::cases::telling::listen(&transport, "topic", &journal)).await);
    }
    Ok(())
}

#[track_caller]
fn closed<T>(result: Result<T>) {
    let kind = result.err().as_ref().map(Error::kind);
    assert_eq!(kind, Some(ErrorKind::Closed), "on a closed transport");
}

async fn closing_one_transport_leaves_the_others_alone(harness: &dyn Harness) -> CaseResult {
    let (first, second) = (open(harness).await?, open(harness).await?);
    let _server = serve(&second, "topic", "server", Service::echo()).await?;
    soon(first.close()).await?;
    let reply: Value = client(&second, "topic").call("echo", json!({ "a": 1 })).await?;
    assert_eq!(reply, json!({ "a": 1 }));
    Ok(())
}

async fn closing_waits_for_the_calls_under_way(harness: &dyn Harness) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let gate = Gate::shut();
    let _server = serve(&theirs, "topic", "server", Service::new().waiting(&gate)).await?;
    let client = client(&ours, "topic");

    let waiting = join_all((0..4).map(|_| client.call::<_, ()>("wait", ())));
    let closing = async {
        gate.entered(4).await;
        let close = ours.close();
        // The close has begun before the calls may end.
        let (closed, ()) = tokio::join!(close, async { gate.open() });
        closed
    };
    let (replies, closed) = soon(async { tokio::join!(waiting, closing) }).await;
    closed?;
    for reply in replies {
        reply?;
    }
    Ok(())
}

async fn closing_gives_up_what_is_still_under_way_at_its_deadline(
    harness: &dyn Harness,
) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let gate = Gate::shut();
    let _server = serve(&theirs, "topic", "server", Service::new().waiting(&gate)).await?;
    let client = client(&ours, "topic");

    let closing = async {
        gate.entered(1).await;
        ours.close_within(Duration::from_millis(100)).await
    };
    let (reply, closed) =
        soon(async { tokio::join!(client.call::<_, ()>("wait", ()), closing) }).await;
    assert_eq!(closed.expect_err("a call was under way").kind(), ErrorKind::Timeout);
    assert_eq!(reply.expect_err("nobody answered").kind(), ErrorKind::Closed);
    Ok(())
}

async fn closing_ends_the_servers_of_the_transport(harness: &dyn Harness) -> CaseResult {
    let transport = open(harness).await?;
    let mut server = serve(&transport, "topic", "server", Service::echo()).await?;
    soon(transport.close()).await?;
    soon(server.wait()).await?;
    Ok(())
}

async fn a_dropped_transport_leaves_no_task_behind(harness: &dyn Harness) -> CaseResult {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let transport = open(harness).await?;
    let target = Target::new("topic").with_server("server");
    let server = RpcServer::builder(&transport, target).endpoint(Service::echo()).start().await?;
    let client = client(&transport, "topic");
    client.call::<_, Value>("echo", ()).await?;
    drop((client, server, transport));
    soon(until(async || Ok(tasks() <= before))).await
}

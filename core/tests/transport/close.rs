use std::time::Duration;

use busway_core::driver::TransportEvent;
use busway_core::rpc::RpcServer;
use busway_core::{ErrorKind, Target, Transport};
use futures_util::StreamExt;
use tokio::time::Instant;

use crate::echo::{SLOW, builder, client};

async fn open() -> Transport {
    builder(&[]).open("echo://").await.expect("open")
}

/// Starts a call of the method `slow` and returns when it is under way.
async fn start_slow_call(
    transport: &Transport,
) -> tokio::task::JoinHandle<busway_core::Result<String>> {
    let client = client(transport);
    let call = tokio::spawn(async move { client.call("slow", ()).await });
    tokio::task::yield_now().await;
    call
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_the_calls_under_way() {
    let transport = open().await;
    let mut events = transport.events();
    let call = start_slow_call(&transport).await;
    let begun = Instant::now();
    transport.close().await.expect("drained");
    assert_eq!(begun.elapsed(), SLOW);
    assert_eq!(call.await.expect("no panic").expect("an answer"), "echo:///");
    let closed = TransportEvent::Disconnected { reason: "closed".to_owned() };
    assert_eq!(events.next().await, Some(closed));
}

#[tokio::test(start_paused = true)]
async fn closing_ends_in_time_and_says_what_was_under_way() {
    let transport = open().await;
    let call = start_slow_call(&transport).await;
    let begun = Instant::now();
    let error = transport.close_within(SLOW / 5).await.expect_err("a call under way");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.operation(), Some("close"));
    assert!(error.message().contains("1 send"), "{error}");
    assert!(begun.elapsed() < SLOW / 5 + Duration::from_millis(10));
    assert!(call.await.expect("no panic").is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_waits_for_any_more_is_not_waited_for() {
    let transport = open().await;
    let call = start_slow_call(&transport).await;
    call.abort();
    assert!(call.await.is_err_and(|error| error.is_cancelled()));
    let begun = Instant::now();
    transport.close().await.expect("nothing under way");
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn after_closing_everything_is_closed_and_closing_again_is_no_error() {
    let options = [("DEFAULT", "rpc_ping_enabled", "yes")];
    let transport = builder(&options).open("echo://").await.expect("open");
    let client = client(&transport);
    assert!(!transport.is_closed());
    transport.close().await.expect("closed");
    transport.close().await.expect("closed twice");
    assert!(transport.is_closed() && transport.clone().is_closed());

    let error = client.call::<_, String>("where", ()).await.expect_err("closed");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Closed, Some("call")));
    let error = client.cast("where", ()).await.expect_err("closed");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Closed, Some("cast")));
    let server = RpcServer::builder(&transport, Target::new("t").with_server("s"));
    let error = server.start().await.expect_err("closed");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Closed, Some("listen")));
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_while_closing_is_refused_at_once() {
    let transport = open().await;
    let call = start_slow_call(&transport).await;
    let closing = tokio::spawn({
        let transport = transport.clone();
        async move { transport.close().await }
    });
    tokio::task::yield_now().await;
    let error = client(&transport).cast("x", ()).await.expect_err("closing");
    assert_eq!(error.kind(), ErrorKind::Closed);
    closing.await.expect("no panic").expect("drained");
    assert!(call.await.expect("no panic").is_ok());
}

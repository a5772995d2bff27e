//! A server that stops lets its callers have their answers.

use std::sync::Arc;
use std::time::Duration;

use busway_core::rpc::{Endpoint, Failure, RpcClient, RpcServer, Visibility};
use busway_core::{Context, ErrorKind, Payload, RemoteKind, Target, async_trait};
use tokio::sync::Semaphore;

use crate::open;

/// Answers when it is let go, and tells when it has begun.
#[derive(Clone)]
struct Held(Arc<Semaphore>, Arc<Semaphore>);

#[async_trait]
impl Endpoint for Held {
    fn visibility(&self, _: &str) -> Option<Visibility> {
        Some(Visibility::Public)
    }

    async fn call(&self, method: &str, _: Payload, _: Context) -> Result<Payload, Failure> {
        self.0.add_permits(1);
        assert_ne!(method, "panic", "as the test wanted");
        self.1.acquire().await?.forget();
        Ok(Payload::of(method)?)
    }
}

async fn serve(bus: &str) -> (RpcClient, RpcServer, Held) {
    let transport = open(bus).await;
    let held = Held(Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let target = Target::new("held").with_server("one");
    let server = RpcServer::builder(&transport, target.clone()).endpoint(held.clone());
    let server = server.start().await.expect("a server");
    (RpcClient::new(&transport, target), server, held)
}

#[tokio::test]
async fn what_runs_is_answered_before_the_server_ends() {
    let (client, server, Held(begun, let_go)) = serve("answered_before").await;
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.call::<_, String>("late", ()).await }
    });
    begun.acquire().await.expect("open").forget();
    let stopping = tokio::spawn(server.stop());
    let impatient = client.prepare().timeout(Duration::from_millis(50));
    let error = impatient.call::<_, String>("x", ()).await.expect_err("nobody serves");
    assert!(matches!(error.kind(), ErrorKind::Undeliverable | ErrorKind::Timeout), "{error}");
    let_go.add_permits(1);
    assert_eq!(call.await.expect("no panic").expect("a reply"), "late");
    stopping.await.expect("no panic").expect("stopped");
}

#[tokio::test(start_paused = true)]
async fn what_runs_too_long_is_cut_off_at_the_deadline() {
    let (client, server, Held(begun, _let_go)) = serve("too_long").await;
    client.cast("long", ()).await.expect("cast");
    begun.acquire().await.expect("open").forget();
    let error = server.stop_within(Duration::from_secs(1)).await.expect_err("still running");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Timeout, Some("stop")));
}

#[tokio::test]
async fn a_panic_is_a_failure_of_the_call_and_the_server_lives() {
    let (client, _server, Held(_, let_go)) = serve("a_panic").await;
    let error = client.call::<_, String>("panic", ()).await.expect_err("a panic");
    assert_eq!(error.remote().expect("a failure").kind(), RemoteKind::Panicked);
    let_go.add_permits(1);
    assert_eq!(client.call::<_, String>("fine", ()).await.expect("a reply"), "fine");
}

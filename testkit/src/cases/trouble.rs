//! What the cases about a bus in trouble share.

use std::time::Duration;

use busway_core::driver::TransportEvent;
use busway_core::{Error, ErrorKind, Transport};
use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};

use crate::Harness;
use crate::stage::{Service, client, open, serve, soon};
use crate::suite::CaseResult;

/// A deadline that is to pass.
pub(super) const SHORT: Duration = Duration::from_millis(200);

/// A call goes through.
pub(super) async fn usable(transport: &Transport) -> CaseResult {
    let reply: Value = soon(client(transport, "topic").call("echo", json!({ "a": 1 }))).await?;
    assert_eq!(reply, json!({ "a": 1 }));
    Ok(())
}

/// Checks that a send failed as one does while the bus is away.
#[track_caller]
pub(super) fn away<T>(result: Result<T, Error>) {
    let Err(error) = result else { panic!("the bus is away") };
    let kinds = [ErrorKind::Connection, ErrorKind::Timeout, ErrorKind::InDoubt];
    assert!(kinds.contains(&error.kind()), "{error}");
}

/// Closes a client's and a server's transport in trouble: both end, and others can be opened once
/// it is over.
pub(super) async fn closing_ends(
    harness: &dyn Harness,
    trouble: impl Future<Output = Result<(), Error>>,
) -> CaseResult {
    let (ours, theirs) = (open(harness).await?, open(harness).await?);
    let mut server = serve(&theirs, "topic", "server", Service::echo()).await?;
    usable(&ours).await?;
    trouble.await?;
    for transport in [&ours, &theirs] {
        match soon(transport.close_within(SHORT)).await {
            Ok(()) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::Timeout, "{error}"),
        }
        assert!(transport.is_closed());
    }
    soon(server.wait()).await?;
    harness.heal().await?;
    let again = open(harness).await?;
    let _server = serve(&again, "topic", "server", Service::echo()).await?;
    usable(&again).await
}

/// Waits until that is told.
pub(super) async fn told(
    events: &mut (impl Stream<Item = TransportEvent> + Unpin),
    wanted: impl Fn(&TransportEvent) -> bool,
) {
    soon(async {
        loop {
            match events.next().await {
                Some(event) if wanted(&event) => return,
                Some(_) => {}
                None => panic!("the events ended"),
            }
        }
    })
    .await;
}

//! Takes connections, as many as there may be.

use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::connection::{Shared, serve};

/// How often what has expired is dropped, and what nobody uses.
const TIDY: Duration = Duration::from_secs(1);
/// How long to wait when the system gives no more connections.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// Serves connections until the broker stops, and until they have all ended.
pub(crate) async fn listen(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let mut tidy = tokio::time::interval(TIDY);
    loop {
        let has_room = connections.len() < shared.limits.connections;
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            _ = tidy.tick() => {
                shared.nodes.tidy();
                continue;
            }
            accepted = listener.accept(), if has_room => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                tracing::debug!(%peer, "a connection comes");
                connections.spawn(serve(stream, tls.clone(), Arc::clone(&shared)));
            }
            Err(why) => {
                tracing::warn!(%why, "a connection could not be taken");
                tokio::time::sleep(EXHAUSTED).await;
            }
        }
    }
    close(listener);
    while connections.join_next().await.is_some() {}
}

/// Takes nobody from now on. A child process that is being started has the socket too, for a
/// moment: it would go on listening in there if it were closed in here alone.
fn close(listener: TcpListener) {
    // Where a listener cannot be shut down, closing it has to do.
    let _ = SockRef::from(&listener).shutdown(Shutdown::Both);
    drop(listener);
}

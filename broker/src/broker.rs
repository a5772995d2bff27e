//! The handle of a running broker.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::connection::Shared;
use crate::listener::listen;
use crate::{Builder, StartError};

/// A running broker. It stops when it is dropped; [`stop`](Self::stop) waits until it has.
///
/// It runs on a thread of its own with a runtime of its own, so that it goes on whatever the
/// program around it does, paused clocks of its tests included, and takes one core at most.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    tls: bool,
    shared: Arc<Shared>,
    stop: CancellationToken,
    ended: oneshot::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Broker {
    /// Starts a broker on an address, with everything else as it is without a word; port 0 takes
    /// one that is free.
    ///
    /// # Errors
    ///
    /// [`StartError::Listen`] when the address cannot be listened on.
    pub async fn start(address: SocketAddr) -> Result<Self, StartError> {
        Self::builder().listen(address).start().await
    }

    /// A broker to be configured.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The address that the broker listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the broker is, as a URL without a user: `amqp://127.0.0.1:5672`, or `amqps://…` with
    /// TLS.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls { "amqps" } else { "amqp" };
        format!("{scheme}://{}", self.address)
    }

    /// How many messages are held, by the names of the queues and topics that hold any: those that
    /// a consumer has and has not settled included, and of a topic those of all its subscriptions.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let broker = busway_broker::Broker::start("127.0.0.1:0".parse()?).await?;
    /// assert!(broker.held().is_empty());
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
    /// ```
    #[must_use]
    pub fn held(&self) -> BTreeMap<String, usize> {
        self.shared.nodes.held()
    }

    /// Gives no more credit to senders, to none of them, until it is called with `false`: what a
    /// broker does that is short of memory. What they have they may use up.
    pub fn withhold_credit(&self, on: bool) {
        self.shared.withheld.send_replace(on);
    }

    /// Stops the broker: its links and connections are closed with the reason, and when this
    /// returns all its tasks and its thread have ended. What was in its queues is gone. A peer that
    /// does not answer is waited for as long as [`Builder::stop_timeout`] says.
    ///
    /// Cancel safe: what was begun goes on without the caller.
    pub async fn stop(mut self) {
        self.stop.cancel();
        // Its sender is dropped as the thread ends, however it does.
        let _ = (&mut self.ended).await;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    pub(crate) async fn run(
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
        shared: Arc<Shared>,
    ) -> Result<Self, StartError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StartError::Thread)?;
        let (started, starting) = oneshot::channel();
        let (ending, ended) = oneshot::channel();
        let stop = shared.stop.clone();
        let guard = stop.clone().drop_guard();
        let with_tls = tls.is_some();
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("busway-broker".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    match bind(address).await {
                        Ok((listener, address)) => {
                            if started.send(Ok(address)).is_ok() {
                                listen(listener, tls, serving).await;
                            }
                        }
                        Err(source) => drop(started.send(Err(source))),
                    }
                });
                // What the engine has left running ends here.
                drop(runtime);
                drop(ending);
            })
            .map_err(StartError::Thread)?;
        let bound = starting.await.unwrap_or_else(|_| Err(std::io::ErrorKind::Other.into()));
        let address = bound.map_err(|source| StartError::Listen { address, source })?;
        guard.disarm();
        Ok(Self { address, tls: with_tls, shared, stop, ended, thread: Some(thread) })
    }
}

async fn bind(address: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

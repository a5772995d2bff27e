//! The reference: the same exchange over bare tokio channels, as one would write it by hand.
//!
//! It has what a call over a bus cannot do without: JSON both ways, a bounded queue, a deadline.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::{BoxError, CONCURRENCY, Exchange, Order, Receipt};

/// How many requests may wait for the server.
const QUEUE: usize = 1024;

/// How a server goes about its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// Each in a task of its own, so many at a time: what slow handlers need, and what Busway's
    /// server does.
    Spawned,
    /// One after another, in the task that receives them: the least there can be.
    Inline,
}

/// A client of a server on the other side of a channel; the server ends with its last client.
#[derive(Clone, Debug)]
pub struct Channels(mpsc::Sender<Request>);

#[derive(Debug)]
struct Request {
    args: String,
    reply: oneshot::Sender<String>,
}

impl Channels {
    /// Starts a server and returns its client.
    #[must_use]
    pub fn start(serving: Serving) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            match serving {
                Serving::Spawned => serve_spawned(receiver).await,
                Serving::Inline => serve_inline(receiver).await,
            }
        });
        Self(sender)
    }
}

impl Exchange for Channels {
    async fn order(&self, order: &Order) -> Result<Receipt, BoxError> {
        let args = serde_json::to_string(order)?;
        let deadline = Instant::now() + Duration::from_mins(1);
        let reply = timeout_at(deadline, async {
            let (reply, replied) = oneshot::channel();
            self.0.send(Request { args, reply }).await?;
            Ok::<_, BoxError>(replied.await?)
        });
        Ok(serde_json::from_str(&reply.await??)?)
    }
}

async fn serve_spawned(mut requests: mpsc::Receiver<Request>) {
    let permits = Arc::new(Semaphore::new(CONCURRENCY));
    while let Some(request) = requests.recv().await {
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        tokio::spawn(async move {
            handle(request);
            drop(permit);
        });
    }
}

async fn serve_inline(mut requests: mpsc::Receiver<Request>) {
    while let Some(request) = requests.recv().await {
        handle(request);
    }
}

/// Answers one request; what cannot be understood gets no reply.
fn handle(request: Request) {
    let Ok(order) = serde_json::from_str::<Order>(&request.args) else { return };
    let Ok(reply) = serde_json::to_string(&order.receipt()) else { return };
    // Whoever does not wait any longer needs no reply.
    let _ = request.reply.send(reply);
}

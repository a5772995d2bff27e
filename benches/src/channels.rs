//! The reference: the same exchange over bare tokio channels, as one would write it by hand.
//!
//! It has what a call over a bus cannot do without: JSON both ways, a bounded queue, a deadline.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::{BoxError, CONCURRENCY, Counter, Exchange, Fanning, Order, Receipt, Telling};

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

/// So many servers, each on the other side of a channel of its own; cheap to clone.
#[derive(Clone, Debug)]
pub struct Fan {
    servers: Arc<Vec<Channels>>,
    heard: Counter,
}

#[derive(Debug)]
struct Request {
    args: Arc<str>,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    /// The receipt, to whoever waits for it.
    Reply(oneshot::Sender<String>),
    /// None.
    Nobody,
    /// None, but it is counted.
    Counted(Counter),
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

/// The longest that anything may take.
const TIMEOUT: Duration = Duration::from_mins(1);

impl Exchange for Channels {
    async fn order(&self, order: &Order) -> Result<Receipt, BoxError> {
        let args = serde_json::to_string(order)?.into();
        let reply = timeout_at(Instant::now() + TIMEOUT, async {
            let (reply, replied) = oneshot::channel();
            self.0.send(Request { args, answer: Answer::Reply(reply) }).await?;
            Ok::<_, BoxError>(replied.await?)
        });
        Ok(serde_json::from_str(&reply.await??)?)
    }
}

impl Telling for Channels {
    async fn note(&self, order: &Order) -> Result<(), BoxError> {
        let request =
            Request { args: serde_json::to_string(order)?.into(), answer: Answer::Nobody };
        Ok(timeout_at(Instant::now() + TIMEOUT, self.0.send(request)).await??)
    }

    async fn notify(&self, order: &Order) -> Result<(), BoxError> {
        self.note(order).await
    }
}

impl Fan {
    /// Starts the servers.
    #[must_use]
    pub fn start(servers: u64) -> Self {
        let servers = (0..servers).map(|_| Channels::start(Serving::Spawned)).collect();
        Self { servers: Arc::new(servers), heard: Counter::default() }
    }
}

impl Fanning for Fan {
    async fn fan_out(&self, order: &Order) -> Result<(), BoxError> {
        let args: Arc<str> = serde_json::to_string(order)?.into();
        let all = async {
            for server in &*self.servers {
                let answer = Answer::Counted(self.heard.clone());
                server.0.send(Request { args: args.clone(), answer }).await?;
            }
            Ok(())
        };
        timeout_at(Instant::now() + TIMEOUT, all).await?
    }

    fn heard(&self) -> &Counter {
        &self.heard
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
    match request.answer {
        Answer::Reply(waiting) => {
            let Ok(reply) = serde_json::to_string(&order.receipt()) else { return };
            // Whoever does not wait any longer needs no reply.
            let _ = waiting.send(reply);
        }
        Answer::Nobody => drop(std::hint::black_box(order)),
        Answer::Counted(counter) => {
            std::hint::black_box(order);
            counter.add();
        }
    }
}

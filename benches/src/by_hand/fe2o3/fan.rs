use std::sync::Arc;

use fe2o3_amqp::types::messaging::Message;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use super::client::note;
use super::incoming::Incoming;
use super::message::{Head, Text, message};
use super::outgoing::{self, Send};
use super::server::{attach, is_note};
use super::{TIMEOUT, begin, connect, rpc_address, sender, thread};
use crate::{BoxError, CONCURRENCY, Counter, Fanning, Order};

/// So many servers that hear what is sent to all of them, and a client; cheap to clone.
#[derive(Clone, Debug)]
pub struct Fan {
    requests: mpsc::Sender<Send>,
    address: Arc<str>,
    heard: Counter,
}

impl Fan {
    /// Connects the servers, each with a link, and their client; they run as long as the process.
    ///
    /// # Errors
    /// What the peer says.
    pub async fn start(port: u16, servers: u64) -> Result<Self, BoxError> {
        let address = rpc_address("multicast", "fan");
        let heard = Counter::default();
        let mut batches = Vec::new();
        for _ in 0..servers {
            let (requests, taken) = mpsc::channel(16);
            tokio::spawn(hear(taken, heard.clone()));
            batches.push(requests);
        }
        thread()?.spawn(serve(port, address.clone(), batches)).await??;
        let requests = thread()?.spawn(open(port, address.clone())).await??;
        Ok(Self { requests, address: address.into(), heard })
    }
}

impl Fanning for Fan {
    async fn fan_out(&self, order: &Order) -> Result<(), BoxError> {
        let (told, taken) = oneshot::channel();
        let message = message(Head { to: &self.address, ..Head::default() }, note(order)?, true);
        let done = Box::new(move |taken| {
            // Whoever asked may be gone.
            let _ = told.send(taken);
        });
        let send = Send { message, settled: true, done };
        self.requests.send(send).await.map_err(|_| "the connection is lost")?;
        if timeout(TIMEOUT, taken).await?? { Ok(()) } else { Err("not taken".into()) }
    }

    fn heard(&self) -> &Counter {
        &self.heard
    }
}

async fn serve(
    port: u16,
    address: String,
    batches: Vec<mpsc::Sender<Vec<Message<Text>>>>,
) -> Result<(), BoxError> {
    let mut connection = connect(port).await?;
    let mut session = begin(&mut connection).await?;
    for batches in batches {
        let link = attach(&mut session, &address).await?;
        tokio::spawn(receive(link, batches));
    }
    std::mem::forget((connection, session));
    Ok(())
}

async fn open(port: u16, address: String) -> Result<mpsc::Sender<Send>, BoxError> {
    let mut connection = connect(port).await?;
    let mut session = begin(&mut connection).await?;
    let link = sender(&mut session, &address).await?;
    let (sends, commands) = mpsc::channel(outgoing::WINDOW);
    tokio::spawn(outgoing::run(link, commands));
    std::mem::forget((connection, session));
    Ok(sends)
}

/// Hands over the requests that have come together, and accepts them.
async fn receive(
    mut link: Incoming,
    batches: mpsc::Sender<Vec<Message<Text>>>,
) -> Result<(), BoxError> {
    loop {
        let mut batch = Vec::new();
        let came = link.next(|message| batch.push(message)).await?;
        batches.send(batch).await.map_err(|_| "nobody takes requests")?;
        link.accept(came).await?;
    }
}

/// One server: runs each request in a task of its own.
async fn hear(mut batches: mpsc::Receiver<Vec<Message<Text>>>, heard: Counter) {
    let permits = Arc::new(Semaphore::new(CONCURRENCY));
    while let Some(batch) = batches.recv().await {
        for message in batch {
            let Ok(permit) = permits.clone().acquire_owned().await else { return };
            let heard = heard.clone();
            tokio::spawn(async move {
                if is_note(&message.body.0) {
                    heard.add();
                }
                drop(permit);
            });
        }
    }
}

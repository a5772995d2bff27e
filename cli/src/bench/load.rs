//! The sending side: so many workers, each with one message on its way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use busway::notify::{Notifier, Priority};
use busway::rpc::{Prepared, RpcClient};
use busway::{Payload, Target};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::meter::Meter;
use super::{Args, Kind};
use crate::bus::Bus;
use crate::problem::Outcome;

/// The method that is called.
pub(super) const METHOD: &str = "echo";

/// What travels: when it was sent, in nanoseconds after the beginning, and a filling.
#[derive(Serialize, Deserialize)]
pub(super) struct Message<'a> {
    pub(super) sent: u64,
    pub(super) filling: &'a str,
}

/// What sends.
#[derive(Clone, Debug)]
enum Sender {
    Call(Prepared),
    Cast(Prepared),
    Notify(Notifier),
}

/// Workers to be started.
#[derive(Debug)]
pub(super) struct Load {
    worker: Worker,
    in_flight: usize,
}

/// Workers under way; dropped, they end.
#[derive(Debug)]
pub(super) struct Sending(JoinSet<()>);

#[derive(Clone, Debug)]
struct Worker {
    sender: Sender,
    meter: Arc<Meter>,
    filling: Arc<str>,
    until: Duration,
}

impl Load {
    pub(super) fn new(args: &Args, bus: &Bus, topic: &str, meter: Arc<Meter>) -> Outcome<Self> {
        let client = || {
            let client = RpcClient::new(&bus.transport, Target::new(topic));
            client.prepare().timeout(args.timeout)
        };
        let sender = match args.kind {
            Kind::Call => Sender::Call(client()),
            Kind::Cast => Sender::Cast(client()),
            Kind::Fanout => Sender::Cast(client().fanout(true)),
            Kind::Notify => Sender::Notify(
                Notifier::builder(&bus.transport)
                    .publisher_id("busway.bench")
                    .topics([topic])
                    .sinks(["messagingv2"])
                    .timeout(args.timeout)
                    .build()?,
            ),
        };
        let filling = "x".repeat(args.size).into();
        let worker = Worker { sender, meter, filling, until: args.duration };
        Ok(Self { worker, in_flight: args.in_flight })
    }

    pub(super) fn start(self) -> Sending {
        let mut workers = JoinSet::new();
        for _ in 0..self.in_flight {
            workers.spawn(self.worker.clone().work());
        }
        Sending(workers)
    }
}

impl Sending {
    /// Waits until all workers are done. Cancel safe.
    pub(super) async fn done(&mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

impl Worker {
    async fn work(self) {
        while self.meter.begin(self.until) {
            tracing::trace!("sending");
            let started = Instant::now();
            match self.send().await {
                Ok(()) => self.meter.sent(started.elapsed()),
                Err(error) => self.meter.failed(&error),
            }
            // A bus inside the process may always be ready: others are to have their turn.
            tokio::task::consume_budget().await;
        }
    }

    async fn send(&self) -> busway::Result<()> {
        let sent = u64::try_from(self.meter.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let message = Message { sent, filling: &self.filling };
        match &self.sender {
            Sender::Call(client) => client.call::<_, Payload>(METHOD, message).await.map(drop),
            Sender::Cast(client) => client.cast(METHOD, message).await,
            Sender::Notify(notifier) => notifier.notify(Priority::Info, "bench", message).await,
        }
    }
}

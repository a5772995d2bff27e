//! The receiving side, in this process.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use busway::notify::{
    Handled, IncomingNotification, NotificationEndpoint, NotificationListener, Priority,
};
use busway::{Context, Endpoint, Failure, Payload, RpcServer, Target, Visibility, async_trait};

use super::load::{METHOD, Message};
use super::meter::Meter;
use super::{Args, Kind};
use crate::bus::Bus;
use crate::problem::Outcome;

/// Servers or a listener, and how many of what is sent is to arrive.
#[derive(Debug)]
pub(super) struct Counterpart {
    servers: Vec<RpcServer>,
    listeners: Vec<NotificationListener>,
    meter: Arc<Meter>,
    /// How often each message arrives.
    copies: u64,
}

impl Counterpart {
    /// Starts what receives; nothing, when that is elsewhere.
    pub(super) async fn start(
        args: &Args,
        bus: &Bus,
        topic: &str,
        meter: &Arc<Meter>,
    ) -> Outcome<Self> {
        let mut servers = Vec::new();
        let mut listeners = Vec::new();
        let concurrency = args.in_flight.max(64);
        for number in 0..args.servers() {
            let receiver = Receiver { meter: meter.clone(), echo: args.kind == Kind::Call };
            if args.kind == Kind::Notify {
                let listener = NotificationListener::builder(&bus.transport)
                    .topic(topic)
                    .endpoint(receiver)
                    .concurrency(concurrency);
                listeners.push(listener.start().await?);
            } else {
                let target = Target::new(topic).with_server(format!("bench-{number}"));
                let server = RpcServer::builder(&bus.transport, target)
                    .endpoint(receiver)
                    .concurrency(concurrency);
                servers.push(server.start().await?);
            }
        }
        let copies = match args.kind {
            _ if args.no_server => 0,
            // Its reply says that a call has arrived.
            Kind::Call => 0,
            Kind::Fanout => args.servers() as u64,
            Kind::Cast | Kind::Notify => 1,
        };
        Ok(Self { servers, listeners, meter: meter.clone(), copies })
    }

    /// Waits until all that was sent has arrived, or nothing has for that long; then stops.
    pub(super) async fn finish(self, patience: Duration) {
        let expected = self.meter.sent.load(Relaxed) * self.copies;
        while self.meter.delivered.load(Relaxed) < expected {
            let arrived = tokio::time::timeout(patience, self.meter.arrived.notified()).await;
            if arrived.is_err() {
                break;
            }
        }
        self.meter.lost(expected.saturating_sub(self.meter.delivered.load(Relaxed)));
        for server in self.servers {
            if let Err(error) = server.stop_within(patience).await {
                tracing::warn!(%error, "a server did not stop cleanly");
            }
        }
        for listener in self.listeners {
            if let Err(error) = listener.stop_within(patience).await {
                tracing::warn!(%error, "a listener did not stop cleanly");
            }
        }
    }
}

/// Counts what arrives, and answers calls with their arguments.
struct Receiver {
    meter: Arc<Meter>,
    echo: bool,
}

impl Receiver {
    fn receive(&self, message: &Payload) -> Result<(), Failure> {
        let message: Message<'_> = message.borrow()?;
        self.meter.arrived(Duration::from_nanos(message.sent));
        Ok(())
    }
}

#[async_trait]
impl Endpoint for Receiver {
    fn visibility(&self, method: &str) -> Option<Visibility> {
        (method == METHOD).then_some(Visibility::Exposed)
    }

    async fn call(&self, _: &str, args: Payload, _: Context) -> Result<Payload, Failure> {
        if self.echo {
            return Ok(args);
        }
        self.receive(&args)?;
        Ok(Payload::null())
    }
}

#[async_trait]
impl NotificationEndpoint for Receiver {
    fn priorities(&self) -> &[Priority] {
        &[Priority::Info]
    }

    async fn handle(&self, notification: &IncomingNotification) -> Result<Handled, Failure> {
        self.receive(&notification.payload)?;
        Ok(Handled::Done)
    }
}

//! One transport's connection to its bus: whether it is up, who waits on it, how it sends.

mod calls;
mod link;
mod place;
mod send;
mod slot;

use std::sync::{Arc, Weak};
use std::time::Duration;

use busway_core::driver::{Events, TransportEvent};
use busway_core::{Error, ErrorKind, Format, Limits, Payload, Result, Target};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

pub(crate) use calls::Calls;
pub(crate) use link::{Gate, Link};
pub(crate) use send::{Attempts, Label, Parcel, Route};
pub(crate) use slot::{News, Slot};

use crate::bus::{Core, Lease, QueueSettings};
use crate::faults::Plan;
use crate::options::FakeOptions;

/// A subscription, as its connection sees it.
pub(crate) trait Subscribed: Send + Sync {
    /// The connection was lost: what is in its hands goes back, and whoever waits looks again.
    fn lost(&self);
    /// The connection is closed: the subscription ends.
    fn end(&self);
}

/// What the clones of one transport share.
#[derive(Debug)]
pub(crate) struct Connection {
    core: Arc<Core>,
    /// Keeps the bus; given up when the connection is closed.
    lease: Mutex<Option<Lease>>,
    pub(crate) link: Link,
    pub(crate) calls: Calls,
    pub(crate) events: Events,
    options: FakeOptions,
    limits: Limits,
    exchange: Arc<str>,
    /// The faults of this transport alone.
    faults: Plan,
    subscriptions: Mutex<Vec<Weak<dyn Subscribed>>>,
    runtime: Handle,
    /// Ends an outage.
    recovery: Mutex<Option<AbortOnDropHandle<()>>>,
}

impl std::fmt::Debug for dyn Subscribed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscribed")
    }
}

impl Connection {
    /// Connects to a bus.
    pub(crate) fn open(
        bus: &str,
        options: FakeOptions,
        limits: Limits,
        exchange: &str,
    ) -> Result<Arc<Self>> {
        let lease = Lease::on(bus);
        let core = lease.core().clone();
        let faults = Plan::from_options(&options);
        if core.faults.refuses_to_open() || faults.refuses_to_open() {
            let message = "the bus refuses connections";
            return Err(Error::new(ErrorKind::Refused, message).with("bus", bus));
        }
        let connection = Arc::new(Self {
            core: core.clone(),
            lease: Mutex::new(Some(lease)),
            link: Link::new(),
            calls: Calls::default(),
            events: Events::new(),
            options,
            limits,
            exchange: exchange.into(),
            faults,
            subscriptions: Mutex::default(),
            runtime: Handle::current(),
            recovery: Mutex::default(),
        });
        if !core.connect(&connection) {
            let message = "the bus cannot be reached";
            return Err(Error::new(ErrorKind::Connection, message).with("bus", bus));
        }
        Ok(connection)
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn options(&self) -> &FakeOptions {
        &self.options
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    pub(crate) fn queue_settings(&self) -> QueueSettings {
        QueueSettings { capacity: self.options.queue_capacity }
    }

    /// The exchange of a target, or the configured one.
    pub(crate) fn exchange<'a>(&'a self, target: &'a Target) -> &'a str {
        target.exchange().unwrap_or(&self.exchange)
    }

    /// The exchange of a target as a shared name.
    pub(crate) fn shared_exchange(&self, target: &Target) -> Arc<str> {
        target.exchange().map_or_else(|| self.exchange.clone(), Arc::from)
    }

    /// Checks a body, and takes it the way that the serializer would.
    pub(crate) fn carry(&self, body: Payload) -> Result<Payload> {
        let json = body.as_json().as_bytes();
        match self.options.serializer {
            // What is shorter than the limit cannot nest deeper, and need not be searched.
            Format::Json if json.len() <= self.limits.max_depth.min(self.limits.max_size) => {
                Ok(body)
            }
            Format::Json => self.limits.check(json).map(|()| body),
            format @ Format::MsgPack => {
                format.decode(&format.encode(&body, &self.limits)?, &self.limits)
            }
        }
    }

    /// Waits until the bus can be reached.
    pub(crate) async fn reach(&self, operation: &'static str) -> Result<()> {
        self.link.until(|gate| gate != Gate::Down).await;
        if self.link.is_closed() { Err(closed().attempted(operation)) } else { Ok(()) }
    }

    /// Adds a subscription, to be told of what happens to the connection.
    pub(crate) fn subscribe(&self, subscription: Weak<dyn Subscribed>) {
        let mut subscriptions = self.subscriptions.lock();
        subscriptions.retain(|other| other.strong_count() > 0);
        subscriptions.push(subscription);
    }

    fn subscriptions(&self) -> Vec<Arc<dyn Subscribed>> {
        self.subscriptions.lock().iter().filter_map(Weak::upgrade).collect()
    }

    /// The connection is lost: for so long, or until it is told to reconnect.
    pub(crate) fn cut(self: &Arc<Self>, reason: &str, how_long: Option<Duration>) {
        let was_up = self.link.go_down();
        if was_up {
            self.events.send(TransportEvent::Disconnected { reason: reason.to_owned() });
        }
        // An outage that is there already ends when the last word says.
        *self.recovery.lock() = how_long.map(|after| self.recover_after(after));
        if was_up {
            self.calls.lose();
            for subscription in &self.subscriptions() {
                subscription.lost();
            }
        }
    }

    fn recover_after(self: &Arc<Self>, after: Duration) -> AbortOnDropHandle<()> {
        self.events.send(TransportEvent::Reconnecting { attempt: 1, after });
        let this = Arc::downgrade(self);
        AbortOnDropHandle::new(self.runtime.spawn(async move {
            tokio::time::sleep(after).await;
            if let Some(connection) = this.upgrade() {
                connection.recover();
            }
        }))
    }

    /// Ends an outage that has no end of its own.
    pub(crate) fn reconnect(&self) {
        if self.link.gate() == Gate::Down {
            let after = Duration::ZERO;
            self.events.send(TransportEvent::Reconnecting { attempt: 1, after });
            self.recover();
        }
    }

    fn recover(&self) {
        if self.link.go_up() {
            self.events.send(TransportEvent::Connected { peer: self.peer() });
        }
        // The task that is dropped here may be the one that runs this: it ends with it.
        drop(self.recovery.lock().take());
    }

    fn peer(&self) -> String {
        format!("fake://{}/", self.core.name())
    }

    pub(crate) fn block(&self) {
        if self.link.set_blocked(true) {
            let reason = "the bus was blocked".to_owned();
            self.events.send(TransportEvent::Blocked { reason });
        }
    }

    pub(crate) fn unblock(&self) {
        if self.link.set_blocked(false) {
            self.events.send(TransportEvent::Unblocked);
        }
    }

    /// Ends the subscriptions, and fails what is under way: the transport has waited for it.
    pub(crate) fn close(&self) {
        if !self.link.close() {
            return;
        }
        self.calls.close();
        for subscription in self.subscriptions() {
            subscription.end();
            subscription.lost();
        }
        self.subscriptions.lock().clear();
        drop(self.recovery.lock().take());
        self.core.leave(self);
        drop(self.lease.lock().take());
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}

pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the transport is closed")
}

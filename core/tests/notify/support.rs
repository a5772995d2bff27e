//! A bus that a test holds in its hand: what was sent can be read, what arrives is said.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::{
    CallOptions, Capabilities, Delivery, Driver, Events, Incoming, Listener,
    NotificationSubscription, NotifyOptions, Outcome, Request, SendOptions,
};
use busway_core::notify::{Notification, Priority};
use busway_core::{
    Config, Context, Error, ErrorKind, Payload, Result, Target, Transport, async_trait,
};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What became of a delivered notification, by its event type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    Acknowledged(String),
    Requeued(String),
    Dropped(String),
}

/// A notification that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) target: Target,
    pub(crate) notification: Notification,
    pub(crate) options: NotifyOptions,
}

/// The test's end of the bus.
#[derive(Debug)]
pub(crate) struct Bus {
    pub(crate) transport: Transport,
    shared: Arc<Shared>,
    settled: mpsc::UnboundedReceiver<Settled>,
}

#[derive(Debug)]
struct Shared {
    capabilities: Capabilities,
    events: Events,
    sent: Mutex<Vec<Sent>>,
    /// What a send to a topic does.
    failures: Mutex<Vec<(&'static str, ErrorKind)>>,
    subscriptions: Mutex<Vec<NotificationSubscription>>,
    deliver: mpsc::UnboundedSender<Incoming<Notification>>,
    arriving: Mutex<Option<mpsc::UnboundedReceiver<Incoming<Notification>>>>,
    settled: mpsc::UnboundedSender<Settled>,
}

pub(crate) const ALL: Capabilities =
    Capabilities { notifications: true, requeue: true, pools: true, ..Capabilities::NONE };

impl Bus {
    pub(crate) fn new() -> Self {
        Self::with(ALL)
    }

    pub(crate) fn with(capabilities: Capabilities) -> Self {
        Self::configured(capabilities, Config::new())
    }

    pub(crate) fn configured(capabilities: Capabilities, config: Config) -> Self {
        let (deliver, arriving) = mpsc::unbounded_channel();
        let (settled, settlements) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            capabilities,
            events: Events::new(),
            sent: Mutex::default(),
            failures: Mutex::default(),
            subscriptions: Mutex::default(),
            deliver,
            arriving: Mutex::new(Some(arriving)),
            settled,
        });
        let driver = Arc::new(Held(shared.clone()));
        let transport = Transport::from_driver(driver, config);
        Self { transport, shared, settled: settlements }
    }

    /// What was sent so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.shared.sent.lock().clone()
    }

    /// Lets every send to that topic fail.
    pub(crate) fn fail(&self, topic: &'static str, kind: ErrorKind) {
        self.shared.failures.lock().push((topic, kind));
    }

    pub(crate) fn subscriptions(&self) -> Vec<NotificationSubscription> {
        self.shared.subscriptions.lock().clone()
    }

    /// Lets notifications of these event types arrive, at the priority info.
    pub(crate) fn deliver(&self, event_types: &[&str]) {
        for event_type in event_types {
            let payload = Payload::null();
            self.arrive(Notification::new("host", *event_type, Priority::Info, payload));
        }
    }

    pub(crate) fn arrive(&self, notification: Notification) {
        let delivery =
            Settlement { name: Some(notification.event_type.clone()), bus: self.shared.clone() };
        let incoming = Incoming {
            body: notification,
            redelivered: false,
            deadline: None,
            call_monitor_timeout: None,
            delivery: Box::new(delivery),
        };
        self.shared.deliver.send(incoming).expect("a listener");
    }

    /// What becomes of the next notification.
    pub(crate) async fn settled(&mut self) -> Settled {
        self.settled.recv().await.expect("a settlement")
    }

    /// What has become of notifications and was not read yet.
    pub(crate) fn settled_so_far(&mut self) -> Vec<Settled> {
        std::iter::from_fn(|| self.settled.try_recv().ok()).collect()
    }
}

#[derive(Debug)]
struct Held(Arc<Shared>);

#[async_trait]
impl Driver for Held {
    fn name(&self) -> &'static str {
        "held"
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities
    }

    fn events(&self) -> &Events {
        &self.0.events
    }

    async fn call(&self, _: &Target, _: Request, _: CallOptions) -> Result<Payload> {
        Err(Error::unsupported("calls"))
    }

    async fn cast(&self, _: &Target, _: Request, _: SendOptions) -> Result<()> {
        Err(Error::unsupported("casts"))
    }

    async fn notify(
        &self,
        target: &Target,
        notification: &Notification,
        options: NotifyOptions,
    ) -> Result<()> {
        let failures = self.0.failures.lock();
        let failure = failures.iter().find(|(topic, _)| Some(*topic) == target.topic());
        if let Some((_, kind)) = failure {
            return Err(Error::new(*kind, "as the test wanted"));
        }
        let (target, notification) = (target.clone(), notification.clone());
        self.0.sent.lock().push(Sent { target, notification, options });
        Ok(())
    }

    async fn listen(&self, _: &Target) -> Result<Box<dyn Listener<Request>>> {
        Err(Error::unsupported("servers"))
    }

    async fn listen_notifications(
        &self,
        subscription: NotificationSubscription,
    ) -> Result<Box<dyn Listener<Notification>>> {
        self.0.subscriptions.lock().push(subscription);
        let arriving = self.0.arriving.lock().take().expect("one listener per test");
        Ok(Box::new(Arriving { arriving, taken: VecDeque::new() }))
    }

    async fn close(&self, _: Instant) -> Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct Arriving {
    arriving: mpsc::UnboundedReceiver<Incoming<Notification>>,
    taken: VecDeque<Incoming<Notification>>,
}

#[async_trait]
impl Listener<Notification> for Arriving {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Incoming<Notification>>> {
        let mut deadline = None;
        while self.taken.len() < max {
            let until = *deadline.get_or_insert_with(|| Instant::now() + wait);
            let next = self.arriving.recv();
            let next = match self.taken.len() {
                0 => {
                    deadline = None;
                    next.await
                }
                _ => tokio::time::timeout_at(until, next).await.ok().flatten(),
            };
            match next {
                Some(incoming) => self.taken.push_back(incoming),
                None => break,
            }
        }
        Ok(self.taken.drain(..).collect())
    }

    async fn stop(&mut self) -> Result<()> {
        self.arriving.close();
        self.taken.clear();
        while self.arriving.try_recv().is_ok() {}
        Ok(())
    }
}

#[derive(Debug)]
struct Settlement {
    name: Option<String>,
    bus: Arc<Shared>,
}

impl Settlement {
    fn settle(&mut self, how: fn(String) -> Settled) {
        if let Some(name) = self.name.take() {
            // A test that has ended reads no more.
            let _ = self.bus.settled.send(how(name));
        }
    }
}

impl Drop for Settlement {
    fn drop(&mut self) {
        self.settle(Settled::Dropped);
    }
}

#[async_trait]
impl Delivery for Settlement {
    async fn acknowledge(&mut self) -> Result<()> {
        self.settle(Settled::Acknowledged);
        Ok(())
    }

    async fn requeue(mut self: Box<Self>) -> Result<()> {
        self.settle(Settled::Requeued);
        Ok(())
    }

    async fn reply(self: Box<Self>, _: Outcome) -> Result<()> {
        Ok(())
    }

    async fn heartbeat(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A context serializer that marks what passes it, and refuses what has the value `refuse`.
#[derive(Debug)]
pub(crate) struct Marking(pub(crate) &'static str);

impl busway_core::ContextSerializer for Marking {
    fn serialize(&self, context: &Context) -> Result<serde_json::Map<String, Value>> {
        Ok(context.clone().with(self.0, true).into_values())
    }

    fn deserialize(&self, values: serde_json::Map<String, Value>) -> Result<Context> {
        if values.contains_key("refuse") {
            return Err(Error::new(ErrorKind::Serialization, "as the test wanted"));
        }
        Ok(Context::from(values).with(self.0, true))
    }
}

use std::sync::Arc;

use async_trait::async_trait;
use busway_core::driver::{
    CallOptions, Capabilities, Driver, Events, Listener, NotificationSubscription, NotifyOptions,
    OpenRequest, Request, Retry, SendOptions,
};
use busway_core::notify::Notification;
use busway_core::{ErrorKind, Payload, Result, Target, TransportUrl};
use tokio::time::Instant;

use crate::bus::{Consumer, Message};
use crate::connection::{Attempts, Connection, Label, News, Parcel, Route, closed};
use crate::listener::FakeListener;
use crate::options::FakeOptions;
use crate::subscription::Subscription;

/// What the driver can do: all there is, but for surviving a restart, which memory has not.
pub(crate) const CAPABILITIES: Capabilities = Capabilities {
    rpc: true,
    fanout: true,
    mandatory: true,
    at_most_once: true,
    call_monitoring: true,
    expiry: true,
    ordering: true,
    exchanges_apart: true,
    notifications: true,
    durable_notifications: false,
    requeue: true,
    pools: true,
    back_pressure: true,
};

/// An open transport on a bus of this process.
#[derive(Debug)]
pub(crate) struct FakeDriver(Arc<Connection>);

/// The name of the bus that a URL opens.
fn bus_name(url: &TransportUrl) -> String {
    let host = url.hosts().first().map(|host| host.hostname.as_str());
    let host = host.filter(|host| !host.is_empty()).unwrap_or("default");
    match url.vhost().filter(|vhost| !vhost.is_empty()) {
        Some(vhost) => format!("{host}/{vhost}"),
        None => host.to_owned(),
    }
}

impl FakeDriver {
    pub(crate) fn open(request: &OpenRequest) -> Result<Arc<dyn Driver>> {
        let OpenRequest { url, config } = request;
        let options: FakeOptions = config.driver_section(url)?;
        let exchange = &config.core().control_exchange;
        let connection = Connection::open(&bus_name(url), options, config.limits(), exchange)?;
        Ok(Arc::new(Self(connection)))
    }

    /// Finds the queue of a call or cast, or the queues of a fan-out.
    fn route(&self, target: &Target) -> Option<Route<Request>> {
        let topics = &self.0.core().topics;
        let (exchange, topic) = (self.0.exchange(target), target.topic()?);
        if target.fanout() {
            return Some(Route::Each(topics.find_fanout(exchange, topic)));
        }
        topics.find(exchange, topic, target.server()).map(Route::One)
    }

    /// Checks a request and makes it a message.
    fn pack(&self, mut request: Request, retry: Retry) -> Result<Message<Request>> {
        request.args = self.0.carry(request.args)?;
        Ok(Message { acknowledged: !retry.is_never(), ..Message::new(request) })
    }
}

#[async_trait]
impl Driver for FakeDriver {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn events(&self) -> &Events {
        &self.0.events
    }

    async fn call(
        &self,
        target: &Target,
        request: Request,
        options: CallOptions,
    ) -> Result<Payload> {
        target.check_for_call().map_err(|error| error.attempted("call"))?;
        let CallOptions { deadline, call_monitor_timeout: monitor, .. } = options;
        let retry = options.retry.unwrap_or(Retry::Forever);
        let method = request.method.clone();
        let label = Label { operation: "call", target, method: Some(&method) };
        let message = self.pack(request, retry).map_err(|error| label.complete(error))?;
        let waiting = self.0.calls.enter(monitor);
        let reply = Some(waiting.slot().clone());
        let message = Message { deadline: Some(deadline), monitor, reply, ..message };
        let route = || self.route(target);
        let parcel = Parcel { label, deadline, retry, message, route: &route, stored: false };
        let mut attempts = Attempts::default();
        loop {
            self.0.send(&parcel, &mut attempts).await?;
            let (kind, message) = match waiting.news(deadline).await {
                News::Answered(Ok(payload)) => return Ok(payload),
                News::Answered(Err(remote)) => return Err(label.complete(remote.into())),
                News::Lost if retry.allows(attempts.made) => {
                    attempts.in_doubt = true;
                    continue;
                }
                News::Lost => (ErrorKind::InDoubt, "the connection was lost: it ran, or did not"),
                News::Unserved => (ErrorKind::Undeliverable, "all servers went away for too long"),
                News::Closed => return Err(label.complete(closed())),
                News::TimedOut => (ErrorKind::Timeout, "no reply came before the deadline"),
                News::Silent => (ErrorKind::Timeout, "no heartbeat of the handler came in time"),
            };
            return Err(label.error(kind, message));
        }
    }

    async fn cast(&self, target: &Target, request: Request, options: SendOptions) -> Result<()> {
        target.topic_for_send().map_err(|error| error.attempted("cast"))?;
        let SendOptions { deadline, expiry, .. } = options;
        let retry = options.retry.unwrap_or(Retry::Forever);
        let method = request.method.clone();
        let label = Label { operation: "cast", target, method: Some(&method) };
        let message = self.pack(request, retry).map_err(|error| label.complete(error))?;
        let message = Message { deadline: expiry, ..message };
        let route = || self.route(target);
        let parcel = Parcel { label, deadline, retry, message, route: &route, stored: false };
        self.0.send(&parcel, &mut Attempts::default()).await
    }

    async fn notify(
        &self,
        target: &Target,
        notification: &Notification,
        options: NotifyOptions,
    ) -> Result<()> {
        let topic = target.topic_for_send().map_err(|error| error.attempted("notify"))?;
        let label = Label { operation: "notify", target, method: None };
        let mut notification = notification.clone();
        let payload = self.0.carry(notification.payload);
        notification.payload = payload.map_err(|error| label.complete(error))?;
        let (deadline, retry) = (options.deadline, options.retry.unwrap_or(Retry::Forever));
        let (exchange, priority) = (self.0.shared_exchange(target), notification.priority);
        let (settings, message) = (self.0.queue_settings(), Message::new(notification));
        let queues = &self.0.core().notifications;
        let route = || Some(Route::Each(queues.find(&exchange, topic, priority, settings)));
        let parcel = Parcel { label, deadline, retry, message, route: &route, stored: true };
        self.0.send(&parcel, &mut Attempts::default()).await
    }

    async fn listen(&self, target: &Target) -> Result<Box<dyn Listener<Request>>> {
        let (topic, server) =
            target.topic_and_server().map_err(|error| error.attempted("listen"))?;
        self.0.reach("listen").await?;
        let consumer = Consumer::new();
        let exchange = self.0.shared_exchange(target);
        let settings = self.0.queue_settings();
        let queues = self.0.core().topics.join(&exchange, topic, server, &consumer, settings);
        let subscription = Subscription::new(&self.0, consumer, queues);
        Ok(Box::new(FakeListener::new(subscription)))
    }

    async fn listen_notifications(
        &self,
        subscription: NotificationSubscription,
    ) -> Result<Box<dyn Listener<Notification>>> {
        self.0.reach("listen_notifications").await?;
        let (consumer, settings) = (Consumer::new(), self.0.queue_settings());
        let mut queues = Vec::with_capacity(subscription.sources.len());
        for (target, priority) in &subscription.sources {
            let topic =
                target.topic_for_send().map_err(|error| error.attempted("listen_notifications"))?;
            let exchange = self.0.shared_exchange(target);
            let pool = subscription.pool.as_deref();
            let notifications = &self.0.core().notifications;
            let queue = notifications.declare(&exchange, topic, *priority, pool, settings);
            if !queues.iter().any(|other| Arc::ptr_eq(other, &queue)) {
                queues.push(queue);
            }
        }
        for queue in &queues {
            queue.join(consumer.clone());
        }
        let subscription = Subscription::new(&self.0, consumer, queues);
        Ok(Box::new(FakeListener::new(subscription)))
    }

    async fn close(&self, _: Instant) -> Result<()> {
        self.0.close();
        Ok(())
    }
}

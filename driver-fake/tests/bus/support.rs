//! What the tests share: a bus of their own, requests, servers of one line.

use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::{
    CallOptions, Driver, Incoming, Listener, NotificationSubscription, NotifyOptions, OpenRequest,
    Registry, Request, SendOptions,
};
use busway_core::notify::{Notification, Priority};
use busway_core::{Config, Context, Payload, Result, Target};
use busway_driver_fake::{Bus, QueueStats};
use tokio::time::Instant;

pub(crate) type Requests = Box<dyn Listener<Request>>;
pub(crate) type Notifications = Box<dyn Listener<Notification>>;

/// Opens a transport by its URL.
pub(crate) async fn open(url: &str) -> Result<Arc<dyn Driver>> {
    let registry = Registry::empty().with(busway_driver_fake::DRIVER);
    let info = *registry.find("fake")?;
    (info.open)(OpenRequest { url: url.parse()?, config: Config::new() }).await
}

/// A transport, and the handle of its bus.
pub(crate) async fn bus(name: &str) -> (Arc<dyn Driver>, Bus) {
    (open(&format!("fake://{name}/")).await.expect("a bus"), Bus::named(name))
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn within(timeout: Duration) -> Instant {
    Instant::now() + timeout
}

pub(crate) fn request(method: &str) -> Request {
    Request {
        method: method.into(),
        args: Payload::empty_object(),
        version: None,
        namespace: None,
        context: Context::new(),
    }
}

pub(crate) fn notification(event: &str) -> Notification {
    Notification::new("tests", event, Priority::Info, Payload::null())
}

pub(crate) fn call_options() -> CallOptions {
    CallOptions { deadline: within(seconds(10)), retry: None, call_monitor_timeout: None }
}

pub(crate) fn send_options() -> SendOptions {
    SendOptions { deadline: within(seconds(10)), expiry: None, retry: None }
}

pub(crate) fn notify_options() -> NotifyOptions {
    let deadline = within(seconds(10));
    NotifyOptions { deadline, retry: None, envelope: busway_core::driver::Envelope::V2 }
}

pub(crate) fn target() -> Target {
    Target::new("topic")
}

pub(crate) async fn listen(driver: &Arc<dyn Driver>, server: &str) -> Requests {
    driver.listen(&target().with_server(server)).await.expect("a subscription")
}

pub(crate) async fn listen_to(driver: &Arc<dyn Driver>, pool: Option<&str>) -> Notifications {
    let sources = vec![(target(), Priority::Info)];
    let subscription = NotificationSubscription { sources, pool: pool.map(str::to_owned) };
    driver.listen_notifications(subscription).await.expect("a subscription")
}

pub(crate) async fn cast(driver: &Arc<dyn Driver>, method: &str) {
    driver.cast(&target(), request(method), send_options()).await.expect("a cast");
}

pub(crate) async fn notify(driver: &Arc<dyn Driver>, event: &str) {
    let sent = driver.notify(&target(), &notification(event), notify_options()).await;
    sent.expect("a notification");
}

/// The next message, alone.
pub(crate) async fn one<B: Send + 'static>(listener: &mut Box<dyn Listener<B>>) -> Incoming<B> {
    let next = tokio::time::timeout(seconds(5), listener.next(1, Duration::ZERO)).await;
    let mut batch = next.expect("a message in time").expect("a subscription");
    batch.pop().expect("a message")
}

/// Whether nothing is there for a listener.
pub(crate) async fn nothing<B: Send + 'static>(listener: &mut Box<dyn Listener<B>>) -> bool {
    let wait = Duration::from_millis(20);
    tokio::time::timeout(wait, listener.next(1, Duration::ZERO)).await.is_err()
}

/// Takes the methods of what is there, acknowledging, until there is nothing more.
pub(crate) async fn methods(listener: &mut Requests) -> Vec<String> {
    let mut methods = Vec::new();
    let wait = Duration::from_millis(20);
    while let Ok(batch) = tokio::time::timeout(wait, listener.next(100, Duration::ZERO)).await {
        for mut incoming in batch.expect("a subscription") {
            incoming.delivery.acknowledge().await.expect("an acknowledgement");
            methods.push(incoming.body.method.to_string());
        }
    }
    methods
}

/// A server that answers each request with its method and its own name.
pub(crate) async fn echo(driver: &Arc<dyn Driver>, server: &str) -> tokio::task::JoinHandle<()> {
    let mut listener = listen(driver, server).await;
    let server = server.to_owned();
    tokio::spawn(async move {
        loop {
            let batch = listener.next(64, Duration::ZERO).await.expect("a subscription");
            if batch.is_empty() {
                return;
            }
            for mut incoming in batch {
                // One that the bus has taken back comes again.
                if incoming.delivery.acknowledge().await.is_ok() {
                    let reply = Payload::of(&(&*incoming.body.method, &*server)).expect("JSON");
                    let _ = incoming.delivery.reply(Ok(reply)).await;
                }
            }
        }
    })
}

pub(crate) fn stats(bus: &Bus, name: &str) -> Option<QueueStats> {
    bus.queues().into_iter().find(|queue| queue.name == name)
}

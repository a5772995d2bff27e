use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::time::Duration;

use busway_core::driver::{
    CallOptions, Capabilities, Delivery, Driver, DriverInfo, Events, Incoming, Listener,
    NotificationSubscription, NotifyOptions, OpenFuture, OpenRequest, Outcome, Request,
    SendOptions,
};
use busway_core::notify::Notification;
use busway_core::{Error, ErrorKind, Payload, Result, Target, async_trait};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

/// How many requests a queue holds; who sends to a full one waits.
const CAPACITY: usize = 1000;

/// What this driver can do: the rest is `Unsupported`.
const CAPABILITIES: Capabilities = Capabilities {
    rpc: true,
    mandatory: true,
    at_most_once: true,
    expiry: true,
    ordering: true,
    exchanges_apart: true,
    back_pressure: true,
    ..Capabilities::NONE
};

// 1. How it is found.
busway_core::inventory::submit! {
    DriverInfo {
        name: "tube",
        schemes: &["tube"],
        summary: "Passes requests through memory",
        capabilities: CAPABILITIES,
        section: "oslo_messaging_tube",
        options: Vec::new,
        open,
    }
}

fn open(request: OpenRequest) -> OpenFuture {
    Box::pin(async move {
        Ok(Arc::new(Tube {
            bus: Bus::named(request.url.to_string()),
            exchange: request.config.core().control_exchange.clone(),
            events: Events::new(),
            closed: watch::Sender::new(false),
        }) as Arc<dyn Driver>)
    })
}

// 2. The bus: a queue for each topic, which its servers share, and one for each server.

/// Exchange, topic, and the server if it is one server's.
type Key = (String, String, Option<String>);

#[derive(Debug)]
struct Queue {
    key: Key,
    sender: mpsc::Sender<Incoming<Request>>,
    /// Servers wait for this lock in line: that is how they take turns.
    receiver: tokio::sync::Mutex<mpsc::Receiver<Incoming<Request>>>,
}

/// The queues, with the number of those who listen.
#[derive(Debug, Default)]
struct Bus(Mutex<HashMap<Key, (Arc<Queue>, usize)>>);

impl Bus {
    /// The bus of this name in this process.
    fn named(name: String) -> Arc<Self> {
        static BUSES: LazyLock<Mutex<HashMap<String, Weak<Bus>>>> = LazyLock::new(Mutex::default);
        let mut buses = BUSES.lock().expect("nobody panics with it");
        buses.retain(|_, bus| bus.strong_count() > 0);
        if let Some(bus) = buses.get(&name).and_then(Weak::upgrade) {
            return bus;
        }
        let bus = Arc::new(Self::default());
        buses.insert(name, Arc::downgrade(&bus));
        bus
    }

    fn find(&self, key: &Key) -> Option<Arc<Queue>> {
        let queues = self.0.lock().expect("nobody panics with it");
        queues.get(key).map(|(queue, _)| queue.clone())
    }

    fn join(&self, key: Key) -> Arc<Queue> {
        let mut queues = self.0.lock().expect("nobody panics with it");
        let (queue, listeners) = queues.entry(key.clone()).or_insert_with(|| {
            let (sender, receiver) = mpsc::channel(CAPACITY);
            (Arc::new(Queue { key, sender, receiver: receiver.into() }), 0)
        });
        *listeners += 1;
        queue.clone()
    }

    /// The last one who leaves closes the queue: nobody sends to it any more.
    fn leave(&self, queue: &Queue) {
        let mut queues = self.0.lock().expect("nobody panics with it");
        let Some((_, listeners)) = queues.get_mut(&queue.key) else { return };
        *listeners -= 1;
        if *listeners == 0 {
            queues.remove(&queue.key);
            queue.receiver.try_lock().expect("nobody else listens").close();
        }
    }
}

// 3. The driver.
#[derive(Debug)]
struct Tube {
    bus: Arc<Bus>,
    exchange: String,
    events: Events,
    closed: watch::Sender<bool>,
}

impl Tube {
    fn key(&self, target: &Target, server: Option<&str>) -> Result<Key> {
        let exchange = target.exchange().unwrap_or(&self.exchange);
        let topic = target.topic_for_send()?;
        Ok((exchange.to_owned(), topic.to_owned(), server.map(str::to_owned)))
    }

    /// Does something unless, or until, the driver is closed.
    async fn while_open<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut closed = self.closed.subscribe();
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => {
                Err(Error::new(ErrorKind::Closed, "the tube is closed"))
            }
            result = work => result,
        }
    }

    /// Puts a request into its queue.
    async fn send(
        &self,
        target: &Target,
        body: Request,
        reply: Option<oneshot::Sender<Outcome>>,
        give_up: Instant,
        expiry: Option<Instant>,
    ) -> Result<()> {
        let undeliverable = || Error::new(ErrorKind::Undeliverable, "nobody serves the target");
        let queue = self.bus.find(&self.key(target, target.server())?);
        let queue = queue.ok_or_else(undeliverable)?;
        let incoming = Incoming {
            body,
            redelivered: false,
            deadline: expiry,
            call_monitor_timeout: None,
            delivery: Box::new(Handed(reply)),
        };
        match timeout_at(give_up, queue.sender.send(incoming)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(undeliverable()),
            Err(_) => Err(Error::new(ErrorKind::Full, "the queue stayed full")),
        }
    }
}

#[async_trait]
impl Driver for Tube {
    fn name(&self) -> &'static str {
        "tube"
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn events(&self) -> &Events {
        &self.events
    }

    async fn call(
        &self,
        target: &Target,
        request: Request,
        options: CallOptions,
    ) -> Result<Payload> {
        let (reply, outcome) = oneshot::channel();
        let deadline = options.deadline;
        self.while_open(async {
            self.send(target, request, Some(reply), deadline, Some(deadline)).await?;
            match timeout_at(deadline, outcome).await {
                Ok(Ok(outcome)) => Ok(outcome?),
                Ok(Err(_)) if Instant::now() < deadline => {
                    Err(Error::new(ErrorKind::InDoubt, "the server is gone: it ran, or did not"))
                }
                _ => Err(Error::new(ErrorKind::Timeout, "no reply came in time")),
            }
        })
        .await
    }

    async fn cast(&self, target: &Target, request: Request, options: SendOptions) -> Result<()> {
        if target.fanout() {
            return Err(Error::unsupported("a tube has one end"));
        }
        let SendOptions { deadline, expiry, .. } = options;
        self.while_open(self.send(target, request, None, deadline, expiry)).await
    }

    async fn notify(&self, _: &Target, _: &Notification, _: NotifyOptions) -> Result<()> {
        Err(Error::unsupported("a tube carries no notifications"))
    }

    async fn listen(&self, target: &Target) -> Result<Box<dyn Listener<Request>>> {
        let (_, server) = target.topic_and_server()?;
        self.while_open(async {
            let keys = [self.key(target, None)?, self.key(target, Some(server))?];
            let queues = keys.map(|key| self.bus.join(key));
            let closed = self.closed.subscribe();
            Ok(Box::new(End { bus: self.bus.clone(), queues, closed, left: false }) as _)
        })
        .await
    }

    async fn listen_notifications(
        &self,
        _: NotificationSubscription,
    ) -> Result<Box<dyn Listener<Notification>>> {
        Err(Error::unsupported("a tube carries no notifications"))
    }

    async fn close(&self, _: Instant) -> Result<()> {
        self.closed.send_replace(true);
        Ok(())
    }
}

// 4. The subscription.
#[derive(Debug)]
struct End {
    bus: Arc<Bus>,
    queues: [Arc<Queue>; 2],
    closed: watch::Receiver<bool>,
    left: bool,
}

impl End {
    fn leave(&mut self) {
        if !std::mem::replace(&mut self.left, true) {
            self.queues.iter().for_each(|queue| self.bus.leave(queue));
        }
    }

    /// What is left in the queues that nobody else listens to.
    async fn rest(&self, max: usize) -> Vec<Incoming<Request>> {
        let mut rest = Vec::new();
        for queue in self.queues.iter().filter(|queue| queue.sender.is_closed()) {
            if rest.is_empty() {
                queue.receiver.lock().await.recv_many(&mut rest, max).await;
            }
        }
        rest
    }
}

#[async_trait]
impl Listener<Request> for End {
    /// One request at a time, so that others get theirs; it is for listeners to notifications
    /// to wait for more. Cancel safe, as `recv` is.
    async fn next(&mut self, max: usize, _wait: Duration) -> Result<Vec<Incoming<Request>>> {
        if self.left {
            return Ok(self.rest(max).await);
        }
        let [shared, own] = &self.queues;
        let request = tokio::select! {
            biased;
            _ = self.closed.wait_for(|closed| *closed) => None,
            request = async { own.receiver.lock().await.recv().await } => request,
            request = async { shared.receiver.lock().await.recv().await } => request,
        };
        Ok(request.into_iter().collect())
    }

    /// Takes no more. Other servers have the queue; what nobody else can have comes out of `next`.
    async fn stop(&mut self) -> Result<()> {
        self.leave();
        Ok(())
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The means to settle a request: memory waits for no acknowledgement.
#[derive(Debug)]
struct Handed(Option<oneshot::Sender<Outcome>>);

#[async_trait]
impl Delivery for Handed {
    fn needs_acknowledgement(&self) -> bool {
        false
    }

    fn expects_reply(&self) -> bool {
        self.0.is_some()
    }

    async fn acknowledge(&mut self) -> Result<()> {
        Ok(())
    }

    async fn requeue(self: Box<Self>) -> Result<()> {
        Err(Error::unsupported("a tube takes nothing back"))
    }

    async fn reply(self: Box<Self>, outcome: Outcome) -> Result<()> {
        // A caller that is gone needs no reply.
        if let Some(caller) = self.0 {
            let _ = caller.send(outcome);
        }
        Ok(())
    }

    async fn heartbeat(&mut self) -> Result<()> {
        Err(Error::unsupported("a tube monitors no calls"))
    }
}

//! The driver: it opens the two sides of a transport and hands each request to the right one.

use std::sync::Arc;

use async_trait::async_trait;
use busway_core::driver::{
    CallOptions, Capabilities, Driver, Events, Listener, NotificationSubscription, NotifyOptions,
    OpenRequest, Request, SendOptions,
};
use busway_core::notify::Notification;
use busway_core::url::Host;
use busway_core::{Limits, Payload, Result, Target};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::connect::Connecting;
use crate::link::{closed, unless_closed};
use crate::options::PikaOptions;
use crate::rpc::{self, Replies};
use crate::side::Side;
use crate::{CAPABILITIES, SYSTEM, notify};

/// An open transport on RabbitMQ.
#[derive(Debug)]
pub(crate) struct PikaDriver {
    rpc: Arc<Side>,
    replies: Replies,
    /// Opened by the first notification or listener.
    notifications: OnceCell<Arc<Side>>,
    connecting: Connecting,
    hosts: Vec<Host>,
    limits: Limits,
    events: Events,
    closed: CancellationToken,
}

impl PikaDriver {
    pub(crate) async fn open(request: OpenRequest) -> Result<Self> {
        let url = &request.url;
        let options: PikaOptions = request.config.driver_section(url)?;
        let connecting = Connecting::new(url, options)?;
        let hosts = hosts(url.hosts());
        let (events, limits) = (Events::new(), request.config.limits());
        let closed = CancellationToken::new();
        let rpc = Side::open(
            connecting.clone(),
            hosts.clone(),
            events.clone(),
            limits,
            false,
            closed.clone(),
        );
        let rpc = rpc.await?;
        let replies = Replies::new(&rpc, &request.config.core().control_exchange);
        Ok(Self {
            rpc: Arc::new(rpc),
            replies,
            notifications: OnceCell::new(),
            connecting,
            hosts,
            limits,
            events,
            closed,
        })
    }

    async fn notifications(&self) -> Result<&Arc<Side>> {
        // Boxed by the one who opens: of those who wait for it there may be thousands.
        let open = || {
            Box::pin(async {
                let (connecting, hosts) = (self.connecting.clone(), self.hosts.clone());
                let durable = connecting.options.notification_persistence;
                let (events, closed) = (self.events.clone(), self.closed.clone());
                let side = Side::open(connecting, hosts, events, self.limits, durable, closed);
                side.await.map(Arc::new)
            })
        };
        if let Some(side) = self.notifications.get() {
            return Ok(side);
        }
        self.unless_closed(self.notifications.get_or_try_init(open)).await
    }

    /// Whether something can be sent; what is under way when the transport is closed is told so
    /// by what it waits for.
    fn check_open(&self) -> Result<()> {
        if self.closed.is_cancelled() { Err(closed()) } else { Ok(()) }
    }

    async fn unless_closed<T>(&self, operation: impl Future<Output = Result<T>>) -> Result<T> {
        unless_closed(&self.closed, operation).await
    }
}

/// The hosts of a URL, or this machine.
fn hosts(hosts: &[Host]) -> Vec<Host> {
    if hosts.is_empty() {
        return vec![Host { hostname: "localhost".to_owned(), ..Host::default() }];
    }
    hosts.to_vec()
}

#[async_trait]
impl Driver for PikaDriver {
    fn name(&self) -> &'static str {
        SYSTEM
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
        self.check_open()?;
        rpc::call(&self.rpc, &self.replies, target, &request, options).await
    }

    async fn cast(&self, target: &Target, request: Request, options: SendOptions) -> Result<()> {
        self.check_open()?;
        rpc::cast(&self.rpc, target, &request, options).await
    }

    async fn notify(
        &self,
        target: &Target,
        notification: &Notification,
        options: NotifyOptions,
    ) -> Result<()> {
        self.check_open()?;
        notify::notify(self.notifications().await?, target, notification, options).await
    }

    async fn listen(&self, target: &Target) -> Result<Box<dyn Listener<Request>>> {
        self.unless_closed(async {
            let listener = rpc::listen(self.rpc.clone(), target).await?;
            Ok(Box::new(listener) as Box<dyn Listener<Request>>)
        })
        .await
    }

    async fn listen_notifications(
        &self,
        subscription: NotificationSubscription,
    ) -> Result<Box<dyn Listener<Notification>>> {
        self.unless_closed(async {
            let side = self.notifications().await?.clone();
            let listener = notify::listen(side, subscription).await?;
            Ok(Box::new(listener) as Box<dyn Listener<Notification>>)
        })
        .await
    }

    async fn close(&self, deadline: Instant) -> Result<()> {
        self.closed.cancel();
        self.replies.close();
        self.rpc.close(deadline).await;
        if let Some(side) = self.notifications.get() {
            side.close(deadline).await;
        }
        Ok(())
    }
}

//! The driver: it opens the connection and hands each request to the right room.

use std::sync::Arc;

use async_trait::async_trait;
use busway_core::driver::{
    CallOptions, Capabilities, Driver, Events, Listener, NotificationSubscription, NotifyOptions,
    OpenRequest, Request, SendOptions, Timeouts,
};
use busway_core::net::Hosts;
use busway_core::notify::Notification;
use busway_core::url::Host;
use busway_core::{Limits, Payload, Result, Target};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::connect::Connecting;
use crate::link::{Bus, Opening, Wear, closed};
use crate::options::AmqpOptions;
use crate::{CAPABILITIES, SYSTEM, notify, rpc};

/// What the senders and listeners of a transport share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) bus: Bus,
    pub(crate) options: Arc<AmqpOptions>,
    pub(crate) limits: Limits,
}

/// An open transport on a peer of AMQP 1.0.
#[derive(Debug)]
pub(crate) struct AmqpDriver {
    shared: Arc<Shared>,
    events: Events,
    closed: CancellationToken,
}

impl AmqpDriver {
    pub(crate) async fn open(request: OpenRequest) -> Result<Self> {
        let OpenRequest { url, config } = &request;
        let options: Arc<AmqpOptions> = Arc::new(config.driver_section(url)?);
        let events = Events::new();
        let opening = Opening {
            connecting: Connecting::new(url, options.clone(), config.limits().max_size)?,
            // When a host is tried again is the supervisor's affair.
            hosts: Hosts::new(hosts(url.hosts()), std::time::Duration::ZERO),
            options: options.clone(),
            control_exchange: config.core().control_exchange.clone(),
            virtual_host: url.vhost().map(str::to_owned),
            events: events.clone(),
            wear: Wear::default(),
        };
        let bus = Bus::open(opening).await?;
        let shared = Arc::new(Shared { bus, options, limits: config.limits() });
        Ok(Self { shared, events, closed: CancellationToken::new() })
    }

    /// Whether something may still be sent; what is under way ends with the bus.
    fn check_open(&self) -> Result<()> {
        if self.closed.is_cancelled() { Err(closed()) } else { Ok(()) }
    }

    /// Runs an operation unless the transport is closed, or until it is.
    async fn unless_closed<T>(&self, operation: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.closed.cancelled() => Err(closed()),
            result = operation => result,
        }
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
impl Driver for AmqpDriver {
    fn name(&self) -> &'static str {
        SYSTEM
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn events(&self) -> &Events {
        &self.events
    }

    fn timeouts(&self) -> Timeouts {
        let options = &self.shared.options;
        Timeouts {
            cast: Some(*options.default_send_timeout),
            notify: Some(*options.default_notify_timeout),
        }
    }

    async fn call(
        &self,
        target: &Target,
        request: Request,
        options: CallOptions,
    ) -> Result<Payload> {
        self.check_open()?;
        rpc::call(&self.shared, target, &request, options).await
    }

    async fn cast(&self, target: &Target, request: Request, options: SendOptions) -> Result<()> {
        self.check_open()?;
        rpc::cast(&self.shared, target, &request, options).await
    }

    async fn notify(
        &self,
        target: &Target,
        notification: &Notification,
        options: NotifyOptions,
    ) -> Result<()> {
        self.check_open()?;
        notify::notify(&self.shared, target, notification, options).await
    }

    async fn listen(&self, target: &Target) -> Result<Box<dyn Listener<Request>>> {
        self.unless_closed(async {
            let listener = rpc::listen(self.shared.clone(), target).await?;
            Ok(Box::new(listener) as Box<dyn Listener<Request>>)
        })
        .await
    }

    async fn listen_notifications(
        &self,
        subscription: NotificationSubscription,
    ) -> Result<Box<dyn Listener<Notification>>> {
        self.unless_closed(async {
            let listener = notify::listen(&self.shared, subscription).await?;
            Ok(Box::new(listener) as Box<dyn Listener<Notification>>)
        })
        .await
    }

    async fn close(&self, deadline: Instant) -> Result<()> {
        self.closed.cancel();
        self.shared.bus.close(deadline).await;
        Ok(())
    }
}

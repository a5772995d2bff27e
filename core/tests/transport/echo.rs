//! A driver that answers a call with the URL it was opened with.

use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::{
    CallOptions, Capabilities, Driver, DriverInfo, Events, Listener, NotificationSubscription,
    NotifyOptions, OpenFuture, OpenRequest, Registry, Request, SendOptions, TransportEvent,
};
use busway_core::notify::Notification;
use busway_core::rpc::RpcClient;
use busway_core::{
    Config, Error, ErrorKind, Payload, Result, Target, Transport, TransportBuilder, TransportUrl,
    async_trait,
};
use tokio::time::Instant;

/// How long the method `slow` takes.
pub(crate) const SLOW: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Echo {
    url: TransportUrl,
    events: Events,
}

#[async_trait]
impl Driver for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { rpc: true, ..Capabilities::NONE }
    }

    fn events(&self) -> &Events {
        &self.events
    }

    async fn call(&self, _: &Target, request: Request, _: CallOptions) -> Result<Payload> {
        if &*request.method == "slow" {
            tokio::time::sleep(SLOW).await;
        }
        Payload::of(self.url.to_secret_string().expose())
    }

    async fn cast(&self, _: &Target, _: Request, _: SendOptions) -> Result<()> {
        Ok(())
    }

    async fn notify(&self, _: &Target, _: &Notification, _: NotifyOptions) -> Result<()> {
        Err(Error::unsupported("notifications"))
    }

    async fn listen(&self, _: &Target) -> Result<Box<dyn Listener<Request>>> {
        Err(Error::unsupported("servers"))
    }

    async fn listen_notifications(
        &self,
        _: NotificationSubscription,
    ) -> Result<Box<dyn Listener<Notification>>> {
        Err(Error::unsupported("listeners"))
    }

    async fn close(&self, _: Instant) -> Result<()> {
        self.events.send(TransportEvent::Disconnected { reason: "closed".to_owned() });
        Ok(())
    }
}

fn open(request: OpenRequest) -> OpenFuture {
    Box::pin(async {
        if request.url.vhost() == Some("locked") {
            return Err(Error::new(ErrorKind::Refused, "the door is locked"));
        }
        Ok(Arc::new(Echo { url: request.url, events: Events::new() }) as Arc<dyn Driver>)
    })
}

pub(crate) fn registry() -> Registry {
    Registry::empty().with(DriverInfo {
        name: "echo",
        schemes: &["echo", "narcissus"],
        summary: "Answers with its URL",
        capabilities: Capabilities::NONE,
        section: "busway_echo",
        options: Vec::new,
        open,
    })
}

/// A builder of a transport with these options.
pub(crate) fn builder(options: &[(&str, &str, &str)]) -> TransportBuilder {
    let config = options.iter().fold(Config::builder().registry(registry()), |builder, option| {
        let (section, key, value) = *option;
        builder.set(section, key, value)
    });
    Transport::builder().registry(registry()).config(config.build().expect("good options"))
}

/// The URL that a transport was opened with.
pub(crate) async fn url_of(transport: &Transport) -> String {
    client(transport).call("where", ()).await.expect("an answer")
}

pub(crate) fn client(transport: &Transport) -> RpcClient {
    RpcClient::new(transport, Target::new("echo"))
}

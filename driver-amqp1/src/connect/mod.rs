//! Stands in until the room is there: replace this file as a whole.
use crate::options::AmqpOptions;
use busway_core::url::{Host, TransportUrl};
use busway_core::{Error, ErrorKind, Result};
use fe2o3_amqp::connection::{Connection, ConnectionHandle};
use std::sync::Arc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

#[derive(Clone, Debug)]
pub(crate) struct Connecting {
    options: Arc<AmqpOptions>,
}
pub(crate) struct Connected {
    pub(crate) connection: ConnectionHandle<()>,
    pub(crate) peer: Peer,
    pub(crate) tap: Handle,
}
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) product: Option<String>,
}
impl Connecting {
    pub(crate) fn new(url: &TransportUrl, options: Arc<AmqpOptions>) -> Result<Self> {
        Ok(Self { options })
    }
    pub(crate) async fn connect(&self, host: &Host, deadline: Instant) -> Result<Connected> {
        let stream =
            tokio::net::TcpStream::connect((host.hostname.as_str(), host.port.unwrap_or(5672)))
                .await
                .map_err(|e| Error::new(ErrorKind::Connection, e.to_string()))?;
        stream.set_nodelay(true).unwrap();
        let kill = busway_core::net::KillSwitch::of(&stream)?;
        let connection = Connection::builder()
            .container_id(uuid::Uuid::new_v4().to_string())
            .hostname(host.hostname.as_str())
            .open_with_stream(stream)
            .await
            .map_err(|e| Error::new(ErrorKind::Connection, e.to_string()))?;
        Ok(Connected {
            connection,
            peer: Peer { product: None },
            tap: Handle { kill: Arc::new(kill), gone: CancellationToken::new() },
        })
    }
}
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    kill: Arc<busway_core::net::KillSwitch>,
    gone: CancellationToken,
}
impl Handle {
    pub(crate) fn kill(&self) {
        self.kill.kill();
        self.gone.cancel();
    }
    pub(crate) async fn gone(&self) {
        self.gone.cancelled().await
    }
    pub(crate) fn words(&self) -> Option<Error> {
        None
    }
    pub(crate) fn credit(&self, _: &str) -> Credit {
        Credit
    }
    pub(crate) fn was_settled(&self, _: &str, _: u32) -> bool {
        false
    }
}
#[derive(Clone, Debug)]
pub(crate) struct Credit;
impl Credit {
    pub(crate) fn limit(&self) -> Option<u32> {
        Some(1 << 30)
    }
    pub(crate) async fn changed(&self) {
        std::future::pending().await
    }
}

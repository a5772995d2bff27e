use std::sync::Arc;
use std::time::Duration;

use busway_core::{Error, Result, TransportUrl};

use super::BlockingConnection;
use super::session::{Session, with_host};
use crate::ConnectionParameters;

/// Opens a [`BlockingConnection`] with time-outs of its own.
#[derive(Clone, Debug)]
pub struct BlockingConnectionBuilder {
    parameters: ConnectionParameters,
    timeout: Duration,
    blocked_connection_timeout: Option<Duration>,
}

impl BlockingConnectionBuilder {
    pub(super) fn new(parameters: &ConnectionParameters) -> Self {
        Self {
            parameters: parameters.clone(),
            timeout: Duration::from_secs(30),
            blocked_connection_timeout: None,
        }
    }

    /// How long an operation may wait for the broker; 30 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long the broker may block the connection (short of memory or disk) before it is given
    /// up, as the parameter of that name does in pika; for ever by default.
    #[must_use]
    pub fn blocked_connection_timeout(mut self, timeout: Duration) -> Self {
        self.blocked_connection_timeout = Some(timeout);
        self
    }

    /// Connects and logs in, within `socket_timeout` and `login_timeout` for each of the
    /// `connection_attempts`.
    ///
    /// # Errors
    /// As [`BlockingConnection::open`].
    pub fn open(&self) -> Result<BlockingConnection> {
        let open = || {
            let url: TransportUrl = with_host(self.parameters.to_url()?);
            Session::open(&url, self.timeout, self.blocked_connection_timeout)
        };
        let session = open().map_err(|error: Error| error.attempted("open"))?;
        Ok(BlockingConnection::new(Arc::new(session)))
    }
}

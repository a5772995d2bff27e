use super::Transport;
use crate::config::{CoreOptions, NotificationOptions, Options, Origin};
use crate::driver::{OpenRequest, Registry};
use crate::url::TransportUrl;
use crate::{Config, Error, ErrorKind, Result};

/// What can be said before a transport is opened.
///
/// ```no_run
/// use busway_core::{Config, Transport};
///
/// # async fn example(config: Config) -> busway_core::Result<()> {
/// let transport = Transport::builder().config(config).open("fake://").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TransportBuilder {
    config: Config,
    registry: Registry,
}

impl TransportBuilder {
    /// Sets the configuration; the defaults alone otherwise.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Sets the drivers to choose from; those linked into the program otherwise.
    #[must_use]
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// Opens the bus that a URL names.
    ///
    /// # Errors
    /// As [`Transport::open`].
    pub async fn open(self, url: &str) -> Result<Transport> {
        self.open_url(url.parse()?).await
    }

    /// Opens the bus that a parsed URL names.
    ///
    /// # Errors
    /// As [`Transport::open`].
    pub async fn open_url(self, url: TransportUrl) -> Result<Transport> {
        let info = self.registry.find(url.scheme()).map_err(|error| error.with("url", &url))?;
        let request = OpenRequest { url, config: self.config.clone() };
        let driver = (info.open)(request).await.map_err(|error| error.attempted("open"))?;
        Ok(Transport::from_driver(driver, self.config))
    }

    /// Opens the bus that the configuration names for RPC: `[DEFAULT] transport_url`, else, as
    /// oslo.messaging once did, the driver that `[DEFAULT] rpc_backend` names with its defaults.
    ///
    /// # Errors
    /// As [`Transport::from_config`].
    pub async fn open_for_rpc(self) -> Result<Transport> {
        let (url, origin) = rpc_url(&self.config)?;
        self.open_url(url).await.map_err(|error| origin.tell(error))
    }

    /// Opens the bus that the configuration names for notifications:
    /// `[oslo_messaging_notifications] transport_url`, else that for RPC.
    ///
    /// # Errors
    /// As [`Transport::for_notifications`].
    pub async fn open_for_notifications(self) -> Result<Transport> {
        let Some(url) = &self.config.notifications().transport_url else {
            return self.open_for_rpc().await;
        };
        let origin = self.config.origin(NotificationOptions::SECTION, "transport_url");
        let url = url.expose().parse().map_err(|error| origin.tell(error))?;
        self.open_url(url).await.map_err(|error| origin.tell(error))
    }
}

/// The URL of the bus for RPC, and where it was said.
fn rpc_url(config: &Config) -> Result<(TransportUrl, Origin)> {
    let core = config.core();
    let origin = |key| config.origin(CoreOptions::SECTION, key);
    if let Some(url) = &core.transport_url {
        let origin = origin("transport_url");
        let url = url.expose().parse().map_err(|error| origin.tell(error))?;
        return Ok((url, origin));
    }
    match core.rpc_backend.as_deref().filter(|backend| !backend.is_empty()) {
        Some(backend) => {
            let origin = origin("rpc_backend");
            let url = TransportUrl::new(backend).map_err(|error| {
                let message = "rpc_backend is no scheme of a driver: set transport_url instead";
                let error = Error::new(ErrorKind::Configuration, message).because(error);
                origin.tell(error).with("section", CoreOptions::SECTION).with("key", "rpc_backend")
            })?;
            Ok((url, origin))
        }
        None => Err(Error::new(
            ErrorKind::Configuration,
            "no bus is named: set transport_url in [DEFAULT], or BUSWAY_TRANSPORT_URL",
        )),
    }
}

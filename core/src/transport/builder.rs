use super::Transport;
use crate::driver::{OpenRequest, Registry};
use crate::url::TransportUrl;
use crate::{Config, Error, ErrorKind, Result, Secret};

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

    /// Opens the bus that the configuration names for RPC.
    ///
    /// # Errors
    /// As [`Transport::from_config`].
    pub async fn open_for_rpc(self) -> Result<Transport> {
        let core = self.config.core();
        let url = rpc_url(core.transport_url.as_ref(), core.rpc_backend.as_deref())?;
        self.open_url(url).await
    }

    /// Opens the bus that the configuration names for notifications.
    ///
    /// # Errors
    /// As [`Transport::for_notifications`].
    pub async fn open_for_notifications(self) -> Result<Transport> {
        match &self.config.notifications().transport_url {
            Some(url) => {
                let url = url.expose().parse()?;
                self.open_url(url).await
            }
            None => self.open_for_rpc().await,
        }
    }
}

/// The URL of `transport_url`, or, as oslo.messaging once did, that of `rpc_backend`.
fn rpc_url(transport_url: Option<&Secret>, rpc_backend: Option<&str>) -> Result<TransportUrl> {
    if let Some(backend) = rpc_backend {
        tracing::warn!(
            "the option rpc_backend is deprecated: name the driver as the scheme of transport_url"
        );
        if transport_url.is_none() {
            return format!("{backend}://").parse();
        }
    }
    let url = transport_url.ok_or_else(|| {
        Error::new(
            ErrorKind::Configuration,
            "no bus is named: set transport_url in [DEFAULT], or BUSWAY_TRANSPORT_URL",
        )
    })?;
    url.expose().parse()
}

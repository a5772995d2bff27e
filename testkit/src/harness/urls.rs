//! The harness of a bus whose name spaces are told apart by their URLs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use busway_core::driver::{Capabilities, Registry};
use busway_core::{Config, Result, Transport, TransportUrl};

use super::{Candidate, Harness};

impl Candidate {
    /// A candidate whose name spaces are told apart by their URLs, such as those of a bus with
    /// virtual hosts: `url` makes the URL of each number.
    ///
    /// A scheme that the registry does not know makes a [missing](Self::missing) candidate.
    pub fn from_urls(
        name: impl Into<String>,
        registry: Registry,
        url: impl Fn(u64) -> String + Send + Sync + 'static,
    ) -> Self {
        let found = url(0)
            .parse::<TransportUrl>()
            .and_then(|url| registry.find(url.scheme()).map(|driver| driver.capabilities));
        let next = Arc::new(AtomicU64::new(0));
        let make = move || {
            let url = url(next.fetch_add(1, Ordering::Relaxed)).parse();
            let registry = registry.clone();
            async { Ok(Box::new(UrlHarness { url: url?, registry }) as Box<dyn Harness>) }
        };
        match found {
            Ok(capabilities) => Self::new(name, capabilities, make),
            Err(error) => Self::new(name, Capabilities::NONE, make).missing(error.to_string()),
        }
    }
}

#[derive(Debug)]
struct UrlHarness {
    url: TransportUrl,
    registry: Registry,
}

#[async_trait]
impl Harness for UrlHarness {
    async fn open(&self, config: Config) -> Result<Transport> {
        let builder = Transport::builder().registry(self.registry.clone()).config(config);
        builder.open_url(self.url.clone()).await
    }
}

//! One side of a transport: the connections and channels of RPC, or those of notifications.

use std::sync::{Arc, Weak};

use busway_core::driver::Events;
use busway_core::url::Host;
use busway_core::{Limits, Result};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::connect::Connecting;
use crate::link::Link;
use crate::options::{ConnectionFactory, PikaOptions};
use crate::publish::Publishers;

/// The connections of one side, opened as the option `connection_factory` says.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) options: PikaOptions,
    pub(crate) limits: Limits,
    pub(crate) publishers: Publishers,
    hosts: Vec<Host>,
    connecting: Connecting,
    events: Events,
    /// Cancelled when the transport is closed.
    pub(crate) closed: CancellationToken,
    publishing: Arc<Link>,
    consuming: Arc<Link>,
    /// The links that were opened for one listener each, and end with it.
    others: parking_lot::Mutex<Vec<Weak<Link>>>,
}

impl Side {
    pub(crate) async fn open(
        connecting: Connecting,
        hosts: Vec<Host>,
        events: Events,
        limits: Limits,
        durable: bool,
        closed: CancellationToken,
    ) -> Result<Self> {
        let options = connecting.options.clone();
        let link = || Link::open(connecting.clone(), hosts.clone(), events.clone());
        let publishing = Arc::new(link().await?);
        let consuming = match options.connection_factory {
            ConnectionFactory::Single => publishing.clone(),
            ConnectionFactory::New | ConnectionFactory::ReadWrite => Arc::new(link().await?),
        };
        Ok(Self {
            publishers: Publishers::new(
                publishing.clone(),
                options.clone(),
                durable,
                closed.clone(),
            ),
            options,
            limits,
            hosts,
            connecting,
            events,
            closed,
            publishing,
            consuming,
            others: parking_lot::Mutex::default(),
        })
    }

    /// The link of the transport's own consumers, and where topology is declared.
    pub(crate) fn consuming(&self) -> &Arc<Link> {
        &self.consuming
    }

    pub(crate) fn publishing(&self) -> &Arc<Link> {
        &self.publishing
    }

    /// The link of one more listener.
    pub(crate) async fn link_for_listener(&self) -> Result<Arc<Link>> {
        if self.options.connection_factory != ConnectionFactory::New {
            return Ok(self.consuming.clone());
        }
        let link = Link::open(self.connecting.clone(), self.hosts.clone(), self.events.clone());
        let link = Arc::new(link.await?);
        let mut others = self.others.lock();
        others.retain(|other| other.strong_count() > 0);
        others.push(Arc::downgrade(&link));
        Ok(link)
    }

    pub(crate) async fn close(&self, deadline: Instant) {
        let others = std::mem::take(&mut *self.others.lock());
        for link in others.iter().filter_map(Weak::upgrade) {
            link.close(deadline).await;
        }
        for link in [&self.consuming, &self.publishing] {
            link.close(deadline).await;
        }
    }
}

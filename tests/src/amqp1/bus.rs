use std::net::SocketAddr;
use std::sync::Arc;

use busway_core::Result;
use busway_testkit::brokers::{Desk, Proton};

/// What cases run on.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there are two of them")]
pub(super) enum Bus {
    Desk(Desk),
    Proton(Arc<Proton>),
}

impl Bus {
    pub(super) async fn start_desk() -> Result<Self> {
        Desk::start().await.map(Self::Desk)
    }

    pub(super) fn start_proton() -> Result<Self> {
        Ok(Self::Proton(Arc::new(Proton::start()?)))
    }

    /// Where clients connect to.
    pub(super) fn address(&self) -> SocketAddr {
        match self {
            Self::Desk(broker) => broker.address(),
            Self::Proton(broker) => broker.address(),
        }
    }
}

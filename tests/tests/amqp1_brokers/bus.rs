use std::fmt;
use std::net::SocketAddr;

use busway_broker::{Broker, Builder};
use busway_testkit::brokers::{Desk, Proton, ProtonBuilder};
use tokio::task::block_in_place;

/// Which broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Desk,
    Proton,
}

/// What a broker is told.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) messages: Option<usize>,
    pub(crate) user: Option<(&'static str, &'static str)>,
    pub(crate) product: Option<&'static str>,
}

/// A broker that runs.
pub(crate) enum Bus {
    Desk(Box<Desk>),
    Proton(Box<Proton>),
}

impl Kind {
    pub(crate) async fn start(self) -> Bus {
        self.start_as(Options::default()).await
    }

    pub(crate) async fn start_as(self, options: Options) -> Bus {
        let Options { messages, user, product } = options;
        match self {
            Self::Desk => {
                let builder = Broker::builder();
                let builder = messages.into_iter().fold(builder, Builder::queue_messages);
                let builder =
                    user.into_iter().fold(builder, |it, (name, word)| it.user(name, word));
                let builder = product.into_iter().fold(builder, Builder::product);
                Bus::Desk(Box::new(Desk::start_as(builder).await.expect("a broker")))
            }
            Self::Proton => {
                let builder = Proton::builder();
                let builder = messages.into_iter().fold(builder, ProtonBuilder::queue_messages);
                let builder =
                    user.into_iter().fold(builder, |it, (name, word)| it.user(name, word));
                let builder = product.into_iter().fold(builder, ProtonBuilder::product);
                let started = tokio::task::spawn_blocking(|| builder.start());
                Bus::Proton(Box::new(started.await.expect("it ends").expect("a broker")))
            }
        }
    }
}

impl Bus {
    /// Gives senders no more credit, or again.
    pub(crate) async fn withhold_credit(&self, on: bool) {
        match self {
            Self::Desk(broker) => broker.withhold_credit(on).await,
            Self::Proton(broker) => {
                block_in_place(|| broker.withhold_credit(on)).expect("told");
            }
        }
    }

    /// How many messages are held for a virtual host.
    pub(crate) async fn held(&self, space: &str) -> usize {
        match self {
            Self::Desk(broker) => broker.held(space).await,
            Self::Proton(broker) => block_in_place(|| broker.held(space)).expect("a count"),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Self::Desk(broker) => broker.address(),
            Self::Proton(broker) => broker.address(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Desk => "desk",
            Self::Proton => "proton",
        })
    }
}

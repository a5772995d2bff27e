use std::net::SocketAddr;

use busway_core::Result;
use busway_testkit::brokers::{RabbitMq, RabbitMqCluster};

/// What cases run on: a broker, or a cluster.
#[derive(Debug)]
pub(super) enum Bus {
    One(Box<RabbitMq>),
    Cluster(RabbitMqCluster),
}

impl Bus {
    pub(super) fn start_one() -> Result<Self> {
        RabbitMq::start().map(|broker| Self::One(Box::new(broker)))
    }

    pub(super) fn start_cluster() -> Result<Self> {
        RabbitMqCluster::start().map(Self::Cluster)
    }

    /// The broker, or a node that tells about all of the cluster.
    pub(super) fn broker(&self) -> &RabbitMq {
        match self {
            Self::One(broker) => broker,
            Self::Cluster(cluster) => cluster.node(0),
        }
    }

    /// Where clients connect to.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        match self {
            Self::One(broker) => vec![broker.address()],
            Self::Cluster(cluster) => cluster.addresses(),
        }
    }

    pub(super) fn add_vhost(&self) -> Result<String> {
        match self {
            Self::One(broker) => broker.add_vhost(),
            Self::Cluster(cluster) => cluster.add_vhost(),
        }
    }
}

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use busway_core::Result;

use super::node::Family;
use super::{RabbitMq, START, TRIES, failed, not_started, start_epmd};
use crate::brokers::ports::PAUSE;

/// How many nodes there are: the loss of one leaves a majority.
const NODES: usize = 3;
/// A node that is silent is given up in seconds, by the others; one that is alone waits.
const CONFIG: &str = "net_ticktime = 4\ncluster_partition_handling = pause_minority\n";
/// The queues of notifications: topic and priority.
const NOTIFICATIONS: &str = "[.](audit|debug|info|warn|error|critical|sample)$";

/// A cluster of three RabbitMQ nodes on this machine, each a [`RabbitMq`] that can be killed,
/// stopped and started again by itself.
///
/// The queues of notifications, whose names end with a priority, are mirrored on all nodes by a
/// policy of the virtual host, so that the loss of a node loses nothing that was confirmed; those
/// of RPC are on one node each, as without a policy.
///
/// It ends as a [`RabbitMq`] does. All calls block.
///
/// ```no_run
/// use busway_testkit::brokers::RabbitMqCluster;
///
/// # fn main() -> busway_core::Result<()> {
/// let cluster = RabbitMqCluster::start()?;
/// let vhost = cluster.add_vhost()?;
/// println!("{:?}, virtual host {vhost}", cluster.addresses());
/// cluster.node(1).kill();
/// cluster.node(1).start_again()?;
/// cluster.settled()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RabbitMqCluster {
    nodes: Vec<RabbitMq>,
}

impl RabbitMqCluster {
    /// Starts the nodes at the same time, and joins them.
    ///
    /// # Errors
    /// As [`RabbitMq::start`].
    pub fn start() -> Result<Self> {
        if let Some(reason) = RabbitMq::missing() {
            return Err(failed(reason));
        }
        let mut last = failed("it was not tried");
        for _ in 0..TRIES {
            match Self::start_once() {
                Ok(cluster) => return Ok(cluster),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn start_once() -> Result<Self> {
        let family = Family::new().map_err(not_started)?;
        let epmd = Arc::new(start_epmd(&family)?);
        let start = || RabbitMq::start_in(&family, epmd.clone(), CONFIG, None);
        let started: Vec<_> = std::thread::scope(|scope| {
            let starting: Vec<_> = (0..NODES).map(|_| scope.spawn(start)).collect();
            starting.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        let nodes: Result<Vec<_>> = started
            .into_iter()
            .map(|node| node.unwrap_or_else(|_| Err(failed("what starts a node panicked"))))
            .collect();
        let cluster = Self { nodes: nodes? };
        let first = cluster.nodes[0].node.name();
        for node in &cluster.nodes[1..] {
            node.evaluate(&format!(
                "ok = rabbit:stop(), ok = rabbit_mnesia:join_cluster('{first}', disc), \
                 ok = rabbit:start()"
            ))?;
        }
        cluster.settled()?;
        Ok(cluster)
    }

    /// Its nodes.
    #[must_use]
    pub fn nodes(&self) -> &[RabbitMq] {
        &self.nodes
    }

    /// One of its nodes, from 0.
    ///
    /// # Panics
    /// When there is none of that number.
    #[must_use]
    pub fn node(&self, number: usize) -> &RabbitMq {
        &self.nodes[number]
    }

    /// Where its nodes take connections of AMQP 0-9-1.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(RabbitMq::address).collect()
    }

    /// Adds a virtual host with a fresh name, where `guest` may do everything, and queues of
    /// notifications are mirrored.
    ///
    /// # Errors
    /// What the broker says, or `Connection` when the first node is not running.
    pub fn add_vhost(&self) -> Result<String> {
        let vhost = self.nodes[0].add_vhost()?;
        self.nodes[0].evaluate(&format!(
            "ok = rabbit_policy:set(<<\"{vhost}\">>, <<\"mirrored\">>, <<\"{NOTIFICATIONS}\">>, \
             [{{<<\"ha-mode\">>, <<\"all\">>}}, {{<<\"ha-sync-mode\">>, <<\"automatic\">>}}], \
             0, <<\"queues\">>, <<\"busway\">>)"
        ))?;
        Ok(vhost)
    }

    /// Waits until every node runs and knows the others, and every mirror has what it mirrors.
    ///
    /// # Errors
    /// `Connection` when that is not so within a minute, or a node is not running.
    pub fn settled(&self) -> Result<()> {
        let until = Instant::now() + START;
        for node in &self.nodes {
            while node.evaluate(SETTLED)? != "true" {
                if Instant::now() >= until {
                    return Err(failed("the nodes do not come together"));
                }
                std::thread::sleep(PAUSE);
            }
        }
        Ok(())
    }
}

/// Whether a node sees all three, and the mirrored queues have two mirrors that are in step.
const SETTLED: &str = "\
length(rabbit_nodes:all_running()) =:= 3 andalso lists:all(fun(Queue) -> \
rabbit_mirror_queue_misc:is_mirrored(Queue) =:= false orelse \
length(amqqueue:get_sync_slave_pids(Queue)) =:= 2 end, rabbit_amqqueue:list())";

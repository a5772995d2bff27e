use std::sync::Arc;

use busway_core::{Result, Target};

use super::RequestListener;
use crate::consume::{Consuming, Subscription};
use crate::names::{self, Ack};
use crate::side::Side;
use crate::topology::Queue;

/// Subscribes a server: to the queues of its topic, of itself, of its copies of fan-outs, each
/// with and without acknowledgement.
pub(crate) async fn listen(side: Arc<Side>, target: &Target) -> Result<RequestListener> {
    let (topic, server) = target.topic_and_server()?;
    let parts = Ack::BOTH.map(|ack| consuming(&side, target, ack, topic, server));
    let link = side.link_for_listener().await?;
    let subscription = Subscription::start(link, parts.into()).await?;
    Ok(RequestListener::new(subscription, side))
}

fn consuming(side: &Side, target: &Target, ack: Ack, topic: &str, server: &str) -> Consuming {
    let options = &side.options;
    let queue = |name: String, routing_key: String| Queue {
        name,
        routing_key,
        durable: false,
        expires: Some(*options.rpc_queue_expiration),
    };
    let topic_queue = names::topic_queue(ack, topic);
    let server_queue = names::server_queue(ack, topic, server);
    Consuming {
        exchange: target.exchange().unwrap_or(&options.default_rpc_exchange).to_owned(),
        durable: false,
        queues: vec![
            queue(topic_queue.clone(), topic_queue),
            queue(server_queue.clone(), server_queue),
            queue(names::fanout_queue(ack, topic, server), names::fanout_key(ack, topic)),
        ],
        no_ack: ack == Ack::No,
        prefetch: options.rpc_listener_prefetch_count,
        retry_delay: *options.rpc_retry_delay,
    }
}

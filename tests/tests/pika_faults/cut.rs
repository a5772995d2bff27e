//! Futures that are dropped: what the broker had begun for them ends.

use std::sync::Arc;

use busway_testkit::brokers::RabbitMq;
use busway_testkit::stage::{Cut, Service, polled, serve, soon, until};

use crate::stand::open;

/// How often each await is cut: whether the broker's answer was under way is a matter of luck.
const ROUNDS: usize = 10;
/// More awaits than a start has.
const MANY: usize = 200;

pub(crate) async fn no_consumer_stays(broker: Arc<RabbitMq>) {
    let vhost = broker.add_vhost().expect("a virtual host");
    let transport = open(&[broker.address()], &vhost, "").await;
    for _ in 0..ROUNDS {
        for awaits in 1..MANY {
            let starting = serve(&transport, "topic", "server", Service::echo());
            if let Cut::Ended(started) = soon(polled(awaits, starting)).await {
                soon(started.expect("a server").stop()).await.expect("stopped");
                break;
            }
        }
    }
    let consumers = format!("length(rabbit_amqqueue:consumers_all(<<\"{vhost}\">>))");
    let gone = || async { broker.evaluate(&consumers).map(|count| count == "0") };
    soon(until(gone)).await.expect("counted");
    transport.close().await.expect("closed");
}

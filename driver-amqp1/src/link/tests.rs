//! What nobody sees from outside: links and sessions that are worn, and tasks that stay behind.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::Events;
use busway_core::net::Hosts;
use busway_core::{Config, TransportUrl};
use busway_testkit::brokers::Desk;
use busway_testkit::proxy::Proxy;
use busway_testkit::stage::{soon, until};
use tokio::time::Instant;

use super::{Bus, Opening, Verdict, Wear};
use crate::connect::Connecting;
use crate::options::AmqpOptions;
use crate::wire::{Destination, Outgoing};

async fn open(address: SocketAddr, wear: Wear) -> Bus {
    let haste = "connection_retry_interval=0.01&connection_retry_backoff=0&link_retry_delay=0.01";
    let url: TransportUrl = format!("amqp://{address}/?{haste}").parse().expect("a URL");
    let options = Config::new().driver_section::<AmqpOptions>(&url).expect("options");
    let options = Arc::new(options);
    let opening = Opening {
        connecting: Connecting::new(&url, options.clone(), 0).expect("it makes sense"),
        hosts: Hosts::new(url.hosts().to_vec(), Duration::ZERO),
        options,
        control_exchange: "openstack".to_owned(),
        virtual_host: None,
        events: Events::new(),
        wear,
    };
    soon(Bus::open(opening)).await.expect("a connection")
}

fn somewhere() -> Destination {
    Destination::Address("unicast.somewhere".into())
}

fn outgoing() -> Outgoing {
    Outgoing {
        body: Some("{}".into()),
        expiry: None,
        message_id: None,
        correlation_id: None,
        at_most_once: false,
    }
}

async fn send(bus: &Bus) -> Verdict {
    let mut sending = bus.send(&somewhere(), outgoing(), false).expect("it is open");
    soon(sending.verdict()).await
}

#[tokio::test]
async fn links_and_sessions_make_place_for_others_before_their_numbers_end() {
    let broker = Desk::start().await.expect("a broker");
    // The engine's numbers end after six.
    let bus = open(broker.address(), Wear { most: 4, first: u32::MAX - 6 }).await;
    for _ in 0..50 {
        let verdict = send(&bus).await;
        assert!(matches!(verdict, Verdict::Accepted), "{verdict:?}");
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_leaves_no_task_behind() {
    let broker = Desk::start().await.expect("a broker");
    let proxy = Proxy::to(broker.address()).await.expect("a proxy");
    let bus = open(proxy.address(), Wear::default()).await;
    while !matches!(send(&bus).await, Verdict::Accepted) {}
    let before = bus.alive();
    for _ in 0..50 {
        proxy.reset();
        while !matches!(send(&bus).await, Verdict::Accepted) {}
    }
    soon(until(async || Ok::<_, ()>(bus.alive() <= before))).await.expect("counted");
}

#[tokio::test]
async fn what_nobody_waits_for_leaves_by_a_link_that_is_up() {
    let broker = Desk::start().await.expect("a broker");
    let bus = open(broker.address(), Wear::default()).await;
    assert!(bus.open_way(&somewhere()).is_none());
    assert!(matches!(send(&bus).await, Verdict::Accepted));
    let way = bus.open_way(&somewhere()).expect("the link is up, and the peer gave credit");
    let (told, verdict) = tokio::sync::oneshot::channel();
    let until = Instant::now() + Duration::from_mins(1);
    let done = move |verdict| drop(told.send(verdict));
    assert!(way.send_off(outgoing(), until, done));
    assert!(matches!(soon(verdict).await, Ok(Verdict::Accepted)));
}

#[tokio::test]
async fn without_a_connection_there_is_no_way() {
    let broker = Desk::start().await.expect("a broker");
    let proxy = Proxy::to(broker.address()).await.expect("a proxy");
    let bus = open(proxy.address(), Wear::default()).await;
    while !matches!(send(&bus).await, Verdict::Accepted) {}
    let way = bus.open_way(&somewhere()).expect("the link is up");
    drop(broker);
    proxy.reset();
    soon(until(async || Ok::<_, ()>(bus.open_way(&somewhere()).is_none()))).await.expect("looked");
    assert!(!way.send_off(outgoing(), Instant::now() + Duration::from_mins(1), |_| {}));
}

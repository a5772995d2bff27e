//! A connection that is lost a thousand times.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::{EventStream, TransportEvent};
use busway_core::rpc::RpcClient;
use busway_core::url::Host;
use busway_core::{Target, Transport, TransportUrl};
use busway_testkit::brokers::RabbitMq;
use busway_testkit::proxy::Proxy;
use busway_testkit::stage::{PATIENCE, Service, serve, soon};
use futures_util::StreamExt;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::stand::open;

const TIMES: usize = 1000;
/// After these, memory has all it needs.
const WARM: usize = 200;
/// How often it is looked whether all still works.
const EACH: usize = 50;
/// What memory may grow by in the rest, in KiB: ten for each reconnect, where a connection takes hundreds.
const GROWTH: u64 = 8 * 1024;

pub(crate) async fn memory_stays_flat(broker: Arc<RabbitMq>) {
    let proxy = Proxy::to(broker.address()).await.expect("a proxy");
    let options =
        "&host_connection_reconnect_delay=0&rpc_retry_delay=0.01&rpc_reply_retry_delay=0.01";
    let transport = open(&[proxy.address()], "", options).await;
    let server = serve(&transport, "topic", "server", Service::echo()).await;
    let _server = server.expect("a server");
    let client = RpcClient::builder(&transport, Target::new("topic")).timeout(PATIENCE).build();
    let echo = async |it: usize| {
        let args = json!({ "it": it });
        assert_eq!(client.call::<_, Value>("echo", &args).await.expect("answered"), args);
    };
    echo(0).await;
    let mut events = transport.events();
    let mut before = 0;
    for time in 1..=TIMES {
        proxy.reset();
        connected(&mut events).await;
        if time % EACH == 0 {
            echo(time).await;
        }
        if time == WARM {
            before = resident();
        }
    }
    let after = resident();
    println!("resident after {WARM} and {TIMES} reconnects: {before} and {after} KiB");
    assert!(after <= before + GROWTH, "grew from {before} to {after} KiB");
}

async fn connected(events: &mut EventStream) {
    loop {
        match soon(events.next()).await {
            Some(TransportEvent::Connected { .. }) => return,
            Some(_) => {}
            None => panic!("the transport is gone"),
        }
    }
}

/// The resident memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// How long a host rests in the test of that.
const REST: Duration = Duration::from_millis(200);

/// A host that accepts and hangs up, and notes when.
async fn closed(number: u8) -> (SocketAddr, Arc<Mutex<Vec<Instant>>>) {
    let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 0, number), 0)).await;
    let listener = listener.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let seen = Arc::<Mutex<Vec<Instant>>>::default();
    let notes = seen.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            notes.lock().push(Instant::now());
        }
    });
    (address, seen)
}

pub(crate) async fn hosts_in_turn(broker: Arc<RabbitMq>) {
    let proxy = Proxy::to(broker.address()).await.expect("a proxy");
    let (second, third) = (closed(2).await, closed(3).await);
    let url = TransportUrl::new("pika").expect("a scheme");
    let url = [proxy.address(), second.0, third.0]
        .into_iter()
        .map(|it| Host::new(it.ip().to_string()).with_port(it.port()))
        .fold(url, TransportUrl::with_host)
        .with_option("host_connection_reconnect_delay", "0.2")
        .with_option("socket_timeout", "5")
        .with_option("heartbeat_interval", "10");
    let transport = Transport::builder().open_url(url).await.expect("one of the hosts answers");
    let mut events = transport.events();
    for host in [&second, &third] {
        host.1.lock().clear();
    }
    proxy.cut().await;
    while [&second, &third].iter().any(|host| host.1.lock().len() < 4) {
        // Each attempt tells of itself.
        soon(events.next()).await.expect("an event");
    }
    proxy.heal();
    connected(&mut events).await;
    for (_, seen) in [&second, &third] {
        for pair in seen.lock().windows(2) {
            // Give or take a fifth, of which the clocks of the two ends get the rest.
            let rest = pair[1] - pair[0];
            assert!(rest >= REST.mul_f64(0.75), "it rested {rest:?}");
        }
    }
}

//! How long and how often connecting is tried, and what is told of it.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::{EventStream, TransportEvent};
use busway_core::rpc::RpcClient;
use busway_core::url::Host;
use busway_core::{ErrorKind, Target, Transport, TransportUrl};
use busway_testkit::brokers::RabbitMq;
use busway_tests::Tap;
use futures_util::StreamExt;
use libtest_mimic::Trial;
use serde_json::json;
use socket2::{Domain, Socket, Type};
use tokio::time::Instant;

use crate::peer::peer;
use crate::stand::{HANG, Stand, assert_says, bobs, open, refused, trial};

pub(crate) fn trials(stand: &Arc<Stand>) -> Vec<Trial> {
    vec![
        trial("a_host_that_takes_nobody_is_given_up", stand, |_| a_full_host_is_given_up()),
        trial("connecting_is_tried_so_often", stand, |_| connecting_is_tried_so_often()),
        trial("what_is_refused_for_good_is_tried_once", stand, refused_for_good),
        trial("there_is_a_pause_between_the_rounds", stand, |_| there_is_a_pause()),
        trial("a_host_that_failed_rests", stand, a_host_that_failed_rests),
        trial("a_blocked_connection_is_told", stand, |_| a_blocked_connection(true)),
        trial("a_blocked_connection_is_kept_quiet", stand, |_| a_blocked_connection(false)),
    ]
}

/// A port whose queue of connections is full; the connections are to be kept.
fn full_port() -> (Socket, SocketAddr, Vec<TcpStream>) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
    socket.listen(0).expect("a listener");
    let address = socket.local_addr().expect("an address").as_socket().expect("of the internet");
    let connect = || TcpStream::connect_timeout(&address, Duration::from_secs(1));
    let queued = std::iter::from_fn(|| connect().ok()).collect();
    (socket, address, queued)
}

async fn a_full_host_is_given_up() {
    let (_socket, address, _queued) = full_port();
    let url = bobs("pika", "127.0.0.1", address.port()).with_option("socket_timeout", "0.3");
    let error = refused(url, ErrorKind::Connection).await;
    assert_says(&error, &["socket_timeout", &address.to_string()]);
}

async fn connecting_is_tried_so_often() {
    let (first, mut at_first) = peer(|stream| async { drop(stream) }).await;
    let (second, mut at_second) = peer(|stream| async { drop(stream) }).await;
    let url = bobs("pika", "127.0.0.1", first.port())
        .with_host(Host::new("127.0.0.1").with_port(second.port()).with_credentials("bob", "x"))
        .with_option("connection_attempts", "3")
        .with_option("retry_delay", "0.01");
    refused(url, ErrorKind::Connection).await;
    for told in [&mut at_first, &mut at_second] {
        for _ in 0..3 {
            told.recv().await.expect("an attempt");
        }
        assert!(told.try_recv().is_err(), "an attempt too many");
    }
}

async fn refused_for_good(stand: Arc<Stand>) {
    let tap = Tap::start(stand.broker().address()).await.expect("a tap");
    let url = |url: TransportUrl| {
        url.with_option("connection_attempts", "3").with_option("retry_delay", "0.01")
    };
    let bobs = || bobs("pika", "127.0.0.1", tap.address().port());
    let stranger = Host::new("127.0.0.1").with_port(tap.address().port());
    let stranger = stranger.with_credentials("nobody", "x");
    let strangers = TransportUrl::new("pika").expect("a scheme").with_host(stranger.clone());
    // Each of two hosts once, though the first has spoken for both.
    let two = strangers.clone().with_host(stranger);
    let mut connections = 0;
    for (opened, tried) in [(bobs().with_vhost("nowhere"), 1), (strangers, 1), (two, 2)] {
        refused(url(opened.with_option("socket_timeout", "10")), ErrorKind::Refused).await;
        connections += tried;
        assert_eq!(connected(&tap), connections);
    }
    // Another host may be there a moment later.
    let (other, mut at_other) = peer(|stream| async { drop(stream) }).await;
    let mixed = bobs().with_host(Host::new("127.0.0.1").with_port(other.port()));
    let opened = open(url(mixed.with_vhost("nowhere"))).await;
    opened.expect_err("neither lets us in");
    assert_eq!(connected(&tap), connections + 3);
    for _ in 0..3 {
        at_other.recv().await.expect("an attempt");
    }
}

/// How many connections there have been through a tap.
fn connected(tap: &Tap) -> usize {
    tap.frames().last().map_or(0, |last| last.connection + 1)
}

async fn there_is_a_pause() {
    let (address, _told) = peer(|stream| async { drop(stream) }).await;
    let url = bobs("pika", "127.0.0.1", address.port())
        .with_option("connection_attempts", "3")
        .with_option("retry_delay", "0.4");
    let began = Instant::now();
    refused(url, ErrorKind::Connection).await;
    assert!(began.elapsed() >= Duration::from_millis(800), "{:?}", began.elapsed());
}

/// The events until the connection is lost, without that.
async fn until_lost(events: &mut EventStream) -> Vec<TransportEvent> {
    let mut seen = Vec::new();
    loop {
        match events.next().await.expect("an event") {
            TransportEvent::Disconnected { .. } => return seen,
            event => seen.push(event),
        }
    }
}

async fn a_host_that_failed_rests(stand: Arc<Stand>) {
    let broker = stand.broker();
    for (delay, least, most) in [("0.5", 0., 0.6), ("60", 20., 72.)] {
        let vhost = broker.add_vhost().expect("a virtual host");
        let port = broker.address().port();
        let url = format!(
            "pika://127.0.0.1:{port}/{vhost}?socket_timeout=10&heartbeat_interval=20\
             &host_connection_reconnect_delay={delay}"
        );
        let transport = open(url.parse().expect("a URL")).await.expect("open");
        let mut events = transport.events();
        broker.delete_vhost(&vhost).expect("deleted");
        until_lost(&mut events).await;
        let next = events.next().await.expect("an event");
        let TransportEvent::Reconnecting { attempt: 1, after } = next else { panic!("{next:?}") };
        assert!((least..=most).contains(&after.as_secs_f64()), "{after:?} of {delay}");
        transport.close().await.expect("closed");
    }
}

/// Casts to everybody, that is to nobody.
async fn cast(transport: &Transport, timeout: Duration) -> busway_core::Result<()> {
    let client = RpcClient::new(transport, Target::new("pressed"));
    client.prepare().fanout(true).timeout(timeout).cast("note", json!({})).await
}

async fn a_blocked_connection(told: bool) {
    let broker = RabbitMq::start().expect("a broker");
    let port = broker.address().port();
    let url = format!(
        "pika://127.0.0.1:{port}/?socket_timeout=10&heartbeat_interval=0&tcp_user_timeout=20\
         &backpressure_detection={told}"
    );
    let transport = open(url.parse().expect("a URL")).await.expect("open");
    let mut events = transport.events();
    cast(&transport, HANG).await.expect("cast");
    broker.block().expect("an alarm");
    let kept = cast(&transport, Duration::from_millis(500)).await.expect_err("blocked");
    assert!(
        matches!(kept.kind(), ErrorKind::Timeout | ErrorKind::InDoubt | ErrorKind::Full),
        "{kept:?}"
    );
    broker.unblock().expect("no alarm");
    cast(&transport, HANG).await.expect("cast");
    let close = "[rabbit_networking:close_connection(P, \"enough\") || \
                 P <- rabbit_networking:connections()]";
    broker.evaluate(close).expect("closed");
    let seen = until_lost(&mut events).await;
    let blocked = seen.iter().any(|event| matches!(event, TransportEvent::Blocked { .. }));
    let unblocked = seen.iter().any(|event| matches!(event, TransportEvent::Unblocked));
    assert_eq!((blocked, unblocked), (told, told), "{seen:?}");
    transport.close().await.expect("closed");
}

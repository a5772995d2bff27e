//! Options that are agreed upon with the broker.

use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::TransportEvent;
use busway_testkit::proxy::{Proxy, Way};
use futures_util::StreamExt;
use libtest_mimic::Trial;

use crate::peer::{begin, peer};
use crate::stand::{PASSWORD, Stand, bobs, connections, echo, open, trial, url};

pub(crate) fn trials(stand: &Arc<Stand>) -> Vec<Trial> {
    vec![
        trial("the_broker_is_told_the_options", stand, the_broker_is_told_the_options),
        trial("without_options_the_defaults_hold", stand, without_options_the_defaults_hold),
        trial("a_small_frame_carries_large_bodies", stand, a_small_frame_carries_large_bodies),
        trial("a_peer_without_heartbeats_is_lost", stand, a_peer_without_heartbeats_is_lost),
        trial("frames_that_come_in_pieces_are_read", stand, frames_that_come_in_pieces),
        trial("the_locale_and_the_user_are_told", stand, |_| the_locale_and_the_user_are_told()),
    ]
}

/// What the broker holds after opening a URL with these options.
async fn agreed(stand: &Stand, options: &[(&str, &str)]) -> String {
    let broker = stand.broker();
    let vhost = broker.add_vhost().expect("a virtual host");
    let url = url("pika", "127.0.0.1", broker.address().port()).with_vhost(&vhost);
    let url = options.iter().fold(url, |url, (name, value)| url.with_option(*name, *value));
    let transport = open(url).await.expect("open");
    let seen = connections(broker, &vhost, "timeout, channel_max, frame_max");
    transport.close().await.expect("closed");
    seen
}

async fn the_broker_is_told_the_options(stand: Arc<Stand>) {
    let options = [("heartbeat_interval", "7"), ("channel_max", "33"), ("frame_max", "8192")];
    let expected = "[[{timeout,7},{channel_max,33},{frame_max,8192}]]";
    assert_eq!(agreed(&stand, &options).await, expected);
    let off = agreed(&stand, &[("heartbeat_interval", "0")]).await;
    assert!(off.contains("{timeout,0}"), "{off}");
}

async fn without_options_the_defaults_hold(stand: Arc<Stand>) {
    let broker = stand.broker();
    let vhost = broker.add_vhost().expect("a virtual host");
    let port = broker.address().port();
    let url = format!("pika://127.0.0.1:{port}/{vhost}?socket_timeout=10&tcp_user_timeout=20");
    let transport = open(url.parse().expect("a URL")).await.expect("open");
    let seen = connections(broker, &vhost, "timeout, channel_max, frame_max, user");
    // The broker's own limit of channels is 2047.
    let expected = "[[{timeout,1},{channel_max,2047},{frame_max,16384},{user,<<\"guest\">>}]]";
    assert_eq!(seen, expected);
    transport.close().await.expect("closed");
}

async fn a_small_frame_carries_large_bodies(stand: Arc<Stand>) {
    let url = bobs("pika", "127.0.0.1", stand.broker().address().port());
    let transport = open(url.with_option("frame_max", "4096")).await.expect("open");
    echo(&transport, 100_000).await;
    transport.close().await.expect("closed");
}

async fn a_peer_without_heartbeats_is_lost(stand: Arc<Stand>) {
    let proxy = Proxy::to(stand.broker().address()).await.expect("a proxy");
    let url = bobs("pika", "127.0.0.1", proxy.address().port());
    let transport = open(url.with_option("heartbeat_interval", "1")).await.expect("open");
    let mut events = transport.events();
    proxy.stall(Way::Down);
    loop {
        match events.next().await.expect("an event") {
            TransportEvent::Disconnected { .. } => break,
            other => println!("{other:?}"),
        }
    }
    proxy.heal();
    while !matches!(events.next().await.expect("an event"), TransportEvent::Connected { .. }) {}
    transport.close().await.expect("closed");
}

async fn frames_that_come_in_pieces(stand: Arc<Stand>) {
    let proxy = Proxy::to(stand.broker().address()).await.expect("a proxy");
    proxy.trickle(7, Duration::from_millis(1));
    let url = bobs("pika", "127.0.0.1", proxy.address().port());
    let transport = open(url).await.expect("open");
    echo(&transport, 100).await;
    transport.close().await.expect("closed");
}

async fn the_locale_and_the_user_are_told() {
    let (address, mut told) = peer(begin).await;
    let url = bobs("pika", "127.0.0.1", address.port());
    let _ = open(url.with_option("locale", "de_DE")).await.expect_err("the peer hung up");
    let said = told.recv().await.expect("an answer");
    assert_eq!(said.locale.as_str(), "de_DE");
    assert_eq!(said.mechanism.as_str(), "PLAIN");
    assert_eq!(said.response.as_bytes(), format!("\0bob\0{PASSWORD}").as_bytes());
}

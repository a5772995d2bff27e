//! What the peer is told of us, and what both sides make of silence.

use std::time::Duration;

use busway_core::driver::TransportEvent;
use busway_core::{ErrorKind, TransportUrl};
use busway_testkit::brokers::Desk;
use busway_testkit::proxy::{Proxy, Way};
use fe2o3_amqp::types::performatives::Open;
use fe2o3_amqp::types::primitives::{Symbol, Value};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::peer::{hear_open, peer};
use crate::stand::{HANG, open, refused, url, works};

/// What the peer hears first; then it hangs up.
async fn told(change: impl FnOnce(TransportUrl) -> TransportUrl) -> Open {
    let (address, mut told) = peer(|mut stream| async move { hear_open(&mut stream).await }).await;
    let url = change(url("amqp", "127.0.0.1", address.port()));
    refused(url, ErrorKind::Connection).await;
    told.recv().await.expect("a client").expect("an Open")
}

#[tokio::test]
async fn the_container_has_its_name_or_one_of_its_own() {
    let open = told(|url| url.with_option("container_name", "my-service")).await;
    assert_eq!(open.container_id, "my-service");
    let (one, other) = (told(|url| url).await, told(|url| url).await);
    assert_eq!(one.container_id.len(), 36);
    assert_ne!(one.container_id, other.container_id);
}

#[tokio::test]
async fn the_virtual_host_is_told_when_the_addresses_do_not_name_it() {
    let open = told(|url| url.with_vhost("v")).await;
    assert_eq!(open.hostname.as_deref(), Some("127.0.0.1"));
    let open = told(|url| url.with_vhost("v").with_option("pseudo_vhost", "false")).await;
    assert_eq!(open.hostname.as_deref(), Some("v"));
    let open = told(|url| url.with_option("pseudo_vhost", "false")).await;
    assert_eq!(open.hostname.as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn the_program_is_named() {
    let open = told(|url| url).await;
    let properties = open.properties.expect("properties");
    let property = |name: &str| properties.get(&Symbol::from(name)).cloned();
    assert_eq!(property("product"), Some(Value::String("busway".to_owned())));
    let pid = i32::try_from(std::process::id()).expect("a process");
    assert_eq!(property("pid"), Some(Value::Int(pid)));
    for name in ["version", "process", "node"] {
        assert!(matches!(property(name), Some(Value::String(_))), "{name}");
    }
    assert!(open.max_frame_size.0 < 1 << 20);
}

#[tokio::test]
async fn the_peer_is_asked_to_speak_up_in_half_the_time() {
    assert_eq!(told(|url| url).await.idle_time_out, None);
    let open = told(|url| url.with_option("idle_timeout", "20")).await;
    assert_eq!(open.idle_time_out, Some(10_000));
}

#[tokio::test]
async fn frames_that_come_in_pieces_are_read() {
    let broker = Desk::start().await.expect("a broker");
    let proxy = Proxy::to(broker.address()).await.expect("a proxy");
    proxy.trickle(7, Duration::from_millis(1));
    works(url("amqp", "127.0.0.1", proxy.address().port())).await;
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_lost() {
    let broker = Desk::start().await.expect("a broker");
    let proxy = Proxy::to(broker.address()).await.expect("a proxy");
    let url = url("amqp", "127.0.0.1", proxy.address().port()).with_option("idle_timeout", "1");
    let transport = open(url).await.expect("open");
    let mut events = transport.events();
    proxy.stall(Way::Down);
    let lost = async {
        loop {
            if let Some(TransportEvent::Disconnected { reason }) = events.next().await {
                return reason;
            }
        }
    };
    timeout(HANG, lost).await.expect("the silence was not heard");
    transport.close().await.expect("closed");
}

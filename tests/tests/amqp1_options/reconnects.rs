//! When a connection that was lost is tried again.

use std::time::Duration;

use busway_core::driver::TransportEvent;
use busway_testkit::proxy::Proxy;
use busway_testkit::stage::soon;
use busway_tests::amqp1_wire::{Stranger, by_the_book, open, trial};
use futures_util::StreamExt;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("the_time_before_another_attempt_grows_up_to_a_bound", grows)]
}

async fn grows() {
    let peer = Stranger::start(|_| by_the_book()).await.expect("a peer");
    let proxy = Proxy::to(peer.address()).await.expect("a proxy");
    let options = "connection_retry_interval=0.1&connection_retry_backoff=0.15\
                   &connection_retry_interval_max=0.3";
    let transport = open(proxy.address(), options).await;
    let mut events = transport.events();
    let mut waits = Vec::new();
    proxy.cut().await;
    while waits.len() < 8 {
        if let Some(TransportEvent::Reconnecting { attempt, after }) = soon(events.next()).await {
            waits.push(after);
            assert_eq!(usize::try_from(attempt), Ok(waits.len()));
        }
    }
    let middle = |number: usize| Duration::from_millis(*[100, 250].get(number).unwrap_or(&300));
    for (number, wait) in waits.iter().enumerate() {
        // Give or take a fifth.
        let ratio = wait.as_secs_f64() / middle(number).as_secs_f64();
        assert!((0.799..1.201).contains(&ratio), "{waits:?}");
    }
    assert!(waits[2..].windows(2).any(|pair| pair[0] != pair[1]), "by the clock: {waits:?}");
    proxy.heal();
    while !matches!(soon(events.next()).await, Some(TransportEvent::Connected { .. })) {}
}

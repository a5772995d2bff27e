//! What the fault injector does, and what it never does.

use std::sync::Arc;
use std::time::Duration;

use busway_core::driver::{CallOptions, Driver, NotifyOptions, Retry, SendOptions, TransportEvent};
use busway_core::{ErrorKind, Payload, Result};
use futures_util::StreamExt;
use tokio::time::Instant;

use crate::support::*;

const ONCE: Option<Retry> = Some(Retry::NEVER);

async fn call(driver: &Arc<dyn Driver>, retry: Option<Retry>) -> Result<Payload> {
    let options = CallOptions { retry, ..call_options() };
    driver.call(&target(), request("m"), options).await
}

async fn cast_once(driver: &Arc<dyn Driver>, method: &str) -> Result<()> {
    let options = SendOptions { retry: ONCE, ..send_options() };
    driver.cast(&target(), request(method), options).await
}

async fn notify_once(driver: &Arc<dyn Driver>, event: &str) -> Result<()> {
    let options = NotifyOptions { retry: ONCE, ..notify_options() };
    driver.notify(&target(), &notification(event), options).await
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
    result.map_err(|error| error.kind()).expect_err("an error")
}

#[tokio::test(start_paused = true)]
async fn a_delay_slows_each_send() {
    let (driver, bus) = bus("a_delay_slows_each_send").await;
    let mut server = listen(&driver, "s").await;
    bus.faults().delay(seconds(1)..=seconds(1));
    let before = Instant::now();
    cast(&driver, "a").await;
    cast(&driver, "b").await;
    assert_eq!(before.elapsed(), seconds(2));
    bus.faults().delay(seconds(1)..=seconds(3));
    cast(&driver, "c").await;
    assert!((seconds(3)..=seconds(5)).contains(&before.elapsed()));
    assert_eq!(methods(&mut server).await, ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_send_delayed_beyond_its_deadline_times_out_and_does_not_leave() {
    let (driver, bus) = bus("a_send_delayed_beyond_its_deadline").await;
    let mut server = listen(&driver, "s").await;
    bus.faults().delay(seconds(60)..=seconds(60));
    let before = Instant::now();
    assert_eq!(kind(call(&driver, None).await), ErrorKind::Timeout);
    assert_eq!(before.elapsed(), seconds(10));
    assert!(nothing(&mut server).await);
    assert_eq!(bus.counters().sent, 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_times_out_and_a_dropped_cast_is_never_run() {
    let (driver, bus) = bus("a_dropped_call_times_out").await;
    let mut server = listen(&driver, "s").await;
    bus.faults().drop_next(2);
    assert_eq!(kind(call(&driver, None).await), ErrorKind::Timeout);
    cast(&driver, "lost").await;
    cast(&driver, "kept").await;
    assert_eq!(methods(&mut server).await, ["kept"]);
    assert_eq!(bus.counters().dropped, 2);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_notification_is_sent_again_or_an_error() {
    let (driver, bus) = bus("a_dropped_notification").await;
    let faults = bus.faults();
    faults.drop_next(2);
    notify(&driver, "a").await;
    faults.drop_next(1);
    assert_eq!(kind(notify_once(&driver, "b").await), ErrorKind::Connection);
    faults.drop(1.0);
    let before = Instant::now();
    let stored = driver.notify(&target(), &notification("c"), notify_options()).await;
    assert_eq!(kind(stored), ErrorKind::Connection);
    assert_eq!(before.elapsed(), seconds(10));
    assert_eq!(stats(&bus, "openstack/topic.info").expect("a queue").ready, 1);
}

#[tokio::test]
async fn a_duplicate_arrives_twice_but_not_of_what_runs_at_most_once() {
    let (driver, bus) = bus("a_duplicate_arrives_twice").await;
    let mut server = listen(&driver, "s").await;
    bus.faults().duplicate_next(3);
    cast(&driver, "twice").await;
    cast_once(&driver, "once").await.expect("a cast");
    notify(&driver, "twice").await;
    notify(&driver, "once").await;
    assert_eq!(methods(&mut server).await, ["twice", "twice", "once"]);
    assert_eq!(stats(&bus, "openstack/topic.info").expect("a queue").ready, 3);
    assert_eq!(bus.counters().duplicated, 2);
}

#[tokio::test]
async fn the_second_reply_to_a_duplicated_call_is_late() {
    let (driver, bus) = bus("the_second_reply_is_late").await;
    let mut server = listen(&driver, "s").await;
    bus.faults().duplicate_next(1);
    let serve = async {
        let (first, second) = (one(&mut server).await, one(&mut server).await);
        first.delivery.reply(Ok(Payload::of(&1).expect("JSON"))).await.expect("a reply");
        second.delivery.reply(Ok(Payload::of(&2).expect("JSON"))).await.expect("a reply");
    };
    let (reply, ()) = tokio::join!(call(&driver, None), serve);
    assert_eq!(reply.expect("a reply").as_json(), "1");
    assert_eq!(bus.counters().late_replies, 1);
}

#[tokio::test]
async fn a_failed_send_is_tried_again_as_often_as_is_allowed() {
    let (driver, bus) = bus("a_failed_send_is_tried_again").await;
    let _server = echo(&driver, "s").await;
    let faults = bus.faults();
    faults.fail_next(3, ErrorKind::Connection);
    call(&driver, Some(Retry::Times(3))).await.expect("the fourth attempt");
    faults.fail_next(3, ErrorKind::Connection);
    assert_eq!(kind(call(&driver, Some(Retry::Times(2))).await), ErrorKind::Connection);
    faults.fail_next(1, ErrorKind::Connection);
    assert_eq!(kind(call(&driver, ONCE).await), ErrorKind::Connection);
    faults.fail_next(1, ErrorKind::Internal);
    assert_eq!(kind(call(&driver, None).await), ErrorKind::Internal);
    call(&driver, None).await.expect("no fault is left");
}

#[tokio::test]
async fn the_nth_send_fails() {
    let driver = open("fake://the_nth_send_fails/?fail_nth=2").await.expect("a bus");
    let _server = echo(&driver, "s").await;
    call(&driver, ONCE).await.expect("the first");
    assert_eq!(kind(call(&driver, ONCE).await), ErrorKind::Connection);
    call(&driver, ONCE).await.expect("the third");
}

#[tokio::test]
async fn a_refusal_is_final() {
    let (driver, bus) = bus("a_refusal_is_final").await;
    let _server = echo(&driver, "s").await;
    bus.faults().refuse(true);
    assert_eq!(kind(call(&driver, None).await), ErrorKind::Refused);
    assert_eq!(kind(open("fake://a_refusal_is_final/").await), ErrorKind::Refused);
    bus.faults().clear();
    call(&driver, None).await.expect("a reply");
    let refused = open("fake://a_refusal_is_final/?refuse=open").await;
    assert_eq!(kind(refused), ErrorKind::Refused);
    let refusing = open("fake://a_refusal_is_final/?refuse=send").await.expect("a bus");
    assert_eq!(kind(call(&refusing, None).await), ErrorKind::Refused);
    assert_eq!(bus.transports(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_blocked_bus_holds_senders_within_their_deadlines() {
    let (driver, bus) = bus("a_blocked_bus_holds_senders").await;
    let mut events = driver.events().subscribe();
    bus.faults().block();
    let before = Instant::now();
    assert_eq!(kind(notify_once(&driver, "a").await), ErrorKind::Full);
    assert_eq!(before.elapsed(), seconds(10));
    let unblock = async {
        tokio::time::sleep(seconds(1)).await;
        bus.faults().unblock();
    };
    tokio::join!(notify(&driver, "b"), unblock);
    assert!(matches!(events.next().await, Some(TransportEvent::Blocked { .. })));
    assert_eq!(events.next().await, Some(TransportEvent::Unblocked));
    assert_eq!(stats(&bus, "openstack/topic.info").expect("a queue").ready, 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_in_flight_is_in_doubt_or_sent_again() {
    let (client, bus) = bus("a_call_in_flight").await;
    let mut server = listen(&client, "s").await;
    for retry in [ONCE, None] {
        let lose = async {
            let mut first = one(&mut server).await;
            if retry.is_none() {
                first.delivery.acknowledge().await.expect("an acknowledgement");
            }
            bus.faults().disconnect_for(seconds(1));
            if retry.is_none() {
                let again = one(&mut server).await;
                again.delivery.reply(Ok(Payload::null())).await.expect("a reply");
            }
        };
        let before = Instant::now();
        let (result, ()) = tokio::join!(call(&client, retry), lose);
        if retry == ONCE {
            assert_eq!(kind(result), ErrorKind::InDoubt);
            assert_eq!(before.elapsed(), Duration::ZERO);
            tokio::time::sleep(seconds(1)).await;
        } else {
            result.expect("a reply to the second");
            assert_eq!(before.elapsed(), seconds(1));
        }
    }
    assert_eq!(bus.waiting_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_waits_for_the_connection_or_fails() {
    let (driver, bus) = bus("what_was_not_sent_waits").await;
    let mut events = driver.events().subscribe();
    let _server = echo(&driver, "s").await;
    bus.faults().disconnect();
    assert_eq!(kind(call(&driver, ONCE).await), ErrorKind::Connection);
    assert_eq!(kind(cast_once(&driver, "m").await), ErrorKind::Connection);
    assert_eq!(kind(notify_once(&driver, "m").await), ErrorKind::Connection);
    assert_eq!(kind(call(&driver, Some(Retry::Times(2))).await), ErrorKind::Connection);
    assert_eq!(kind(call(&driver, None).await), ErrorKind::Connection);
    assert_eq!(kind(open("fake://what_was_not_sent_waits/").await), ErrorKind::Connection);
    let reconnect = async {
        tokio::time::sleep(seconds(3)).await;
        bus.faults().reconnect();
    };
    let (result, (), ()) = tokio::join!(call(&driver, None), notify(&driver, "a"), reconnect);
    result.expect("a reply");
    assert!(matches!(events.next().await, Some(TransportEvent::Disconnected { .. })));
    assert!(matches!(events.next().await, Some(TransportEvent::Reconnecting { attempt: 1, .. })));
    let peer = "fake://what_was_not_sent_waits/".to_owned();
    assert_eq!(events.next().await, Some(TransportEvent::Connected { peer }));
}

#[tokio::test(start_paused = true)]
async fn a_disconnection_gives_back_what_was_not_acknowledged() {
    let (driver, bus) = bus("a_disconnection_gives_back").await;
    let other = open("fake://a_disconnection_gives_back/?disconnect_after=1").await.expect("a bus");
    notify(&driver, "a").await;
    let mut lost = listen_to(&other, None).await;
    let mut held = one(&mut lost).await;
    // The other transport alone loses its connection, after its first send.
    let everybody = target().with_fanout(true);
    other.cast(&everybody, request("m"), send_options()).await.expect("sent");
    let mut listener = listen_to(&driver, None).await;
    let again = one(&mut listener).await;
    assert!(again.redelivered);
    let error = held.delivery.acknowledge().await.expect_err("taken back");
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert_eq!(bus.counters().redelivered, 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_lost_before_the_confirmation_leaves_a_doubt() {
    let (_, bus) = bus("a_connection_lost_before_the_confirmation").await;
    let url = "fake://a_connection_lost_before_the_confirmation/?disconnect_after=1";
    for (retry, copies) in [(ONCE, 1), (None, 2)] {
        let driver = open(&format!("{url}&disconnect_for=2")).await.expect("a bus");
        let before = Instant::now();
        let options = NotifyOptions { retry, ..notify_options() };
        let result = driver.notify(&target(), &notification("a"), options).await;
        if retry == ONCE {
            assert_eq!(kind(result), ErrorKind::InDoubt);
        } else {
            result.expect("stored");
            assert_eq!(before.elapsed(), seconds(2));
        }
        let mut listener = listen_to(&driver, None).await;
        let batch = listener.next(10, Duration::ZERO).await.expect("a batch");
        assert_eq!(batch.len(), copies);
        for mut incoming in batch {
            incoming.delivery.acknowledge().await.expect("an acknowledgement");
        }
    }
    assert_eq!(bus.queues().iter().map(|queue| queue.ready).sum::<usize>(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_may_have_left_leaves_its_doubt_to_the_end() {
    let url = "fake://an_attempt_that_may_have_left/?disconnect_after=1&disconnect_for=3600";
    for retry in [Some(Retry::Times(2)), None] {
        let driver = open(url).await.expect("a bus");
        let _server = listen(&driver, "s").await;
        let options = SendOptions { retry, ..send_options() };
        let before = Instant::now();
        let cast = driver.cast(&target(), request("m"), options).await;
        assert_eq!(kind(cast), ErrorKind::InDoubt);
        assert_eq!(before.elapsed() == seconds(10), retry.is_none());
        let driver = open(url).await.expect("a bus");
        let _server = listen(&driver, "s").await;
        assert_eq!(kind(call(&driver, retry).await), ErrorKind::InDoubt);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_ends_when_the_last_word_says() {
    let (driver, bus) = bus("an_outage_ends").await;
    let _server = echo(&driver, "s").await;
    for outage in [None, Some(60)] {
        match outage {
            None => bus.faults().disconnect(),
            Some(outage) => bus.faults().disconnect_for(seconds(outage)),
        }
        bus.faults().disconnect_for(seconds(2));
        let before = Instant::now();
        call(&driver, None).await.expect("a reply");
        assert_eq!(before.elapsed(), seconds(2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_waits_for_the_connection_of_its_server() {
    let (client, _) = bus("a_reply_waits").await;
    let serving = open("fake://a_reply_waits/?disconnect_after=1&disconnect_for=3").await;
    let serving = serving.expect("a bus");
    let mut server = listen(&serving, "s").await;
    let serve = async {
        let mut incoming = one(&mut server).await;
        incoming.delivery.acknowledge().await.expect("an acknowledgement");
        let nobody = target().with_topic("nobody").with_fanout(true);
        let sent = async { serving.cast(&nobody, request("m"), send_options()).await.is_ok() };
        let reply = incoming.delivery.reply(Ok(Payload::null()));
        let (sent, reply) = tokio::join!(sent, reply);
        assert!(sent);
        reply.expect("a reply");
    };
    let before = Instant::now();
    let timed = async { call(&client, None).await.map(|_| before.elapsed()) };
    let (elapsed, ()) = tokio::join!(timed, serve);
    assert_eq!(elapsed.expect("a reply"), seconds(3));
}

/// Which of forty casts arrive, and how often, with these options.
async fn arrivals(bus: &str, query: &str) -> Vec<String> {
    let driver = open(&format!("fake://{bus}/?{query}")).await.expect("a bus");
    let mut server = listen(&driver, "s").await;
    for number in 0..40 {
        cast(&driver, &number.to_string()).await;
    }
    methods(&mut server).await
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_faults() {
    let query = "drop=0.3&duplicate=0.2&delay=0.001&delay_max=0.002";
    let seven = arrivals("the_same_seed_a", &format!("{query}&seed=7")).await;
    assert_eq!(arrivals("the_same_seed_b", &format!("{query}&seed=7")).await, seven);
    assert_ne!(arrivals("the_same_seed_c", &format!("{query}&seed=8")).await, seven);
    assert!((1..60).contains(&seven.len()));
}

#[tokio::test]
async fn options_that_cannot_be_are_refused() {
    let queries = ["drop=nonsense", "drop=2", "delay=2&delay_max=1", "no_such_option=1"];
    for query in queries {
        let opened = open(&format!("fake://options_that_cannot_be/?{query}")).await;
        assert_eq!(kind(opened), ErrorKind::Configuration, "{query}");
    }
}

#[test]
fn every_option_is_described() {
    let options = (busway_driver_fake::DRIVER.options)();
    assert_eq!(options.len(), 13);
    for option in &options {
        assert!(!option.text.is_empty() && !option.kind.is_empty(), "{option:?}");
    }
    let kind = |name| options.iter().find(|it| it.name == name).map(|it| it.kind.as_str());
    assert_eq!(kind("delay_max"), Some("seconds"));
    assert!(kind("refuse").is_some_and(|kind| kind.contains("open") && kind.contains("send")));
}

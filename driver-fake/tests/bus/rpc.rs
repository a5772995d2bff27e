//! Calls, casts, fan-outs, and whose turn it is.

use std::time::Duration;

use crate::support::*;
use busway_core::driver::{CallOptions, SendOptions};
use busway_core::{ErrorKind, Payload, RemoteError};

#[tokio::test]
async fn a_call_is_answered() {
    let (driver, bus) = bus("a_call_is_answered").await;
    let _server = echo(&driver, "s1").await;
    let reply = driver.call(&target(), request("hello"), call_options()).await.expect("a reply");
    assert_eq!(reply.as_json(), r#"["hello","s1"]"#);
    assert_eq!(bus.waiting_calls(), 0);
}

#[tokio::test]
async fn a_failure_comes_back_as_remote() {
    let (driver, _) = bus("a_failure_comes_back_as_remote").await;
    let mut server = listen(&driver, "s1").await;
    let (target, options) = (target(), call_options());
    let call = driver.call(&target, request("hello"), options);
    let serve = async {
        let incoming = one(&mut server).await;
        let failure = RemoteError::new("ValueError", "builtins", "boom");
        incoming.delivery.reply(Err(failure)).await.expect("a reply");
    };
    let (result, ()) = tokio::join!(call, serve);
    let error = result.expect_err("a failure");
    assert_eq!(error.kind(), ErrorKind::Remote);
    assert_eq!(error.remote().expect("a remote error").class, "ValueError");
    assert_eq!(error.get("topic"), Some("topic"));
}

#[tokio::test]
async fn a_target_that_nobody_serves_is_undeliverable() {
    let (driver, bus) = bus("a_target_that_nobody_serves_is_undeliverable").await;
    let error = driver.call(&target(), request("m"), call_options()).await.expect_err("nobody");
    assert_eq!(error.kind(), ErrorKind::Undeliverable);
    let error = driver.cast(&target(), request("m"), send_options()).await.expect_err("nobody");
    assert_eq!(error.kind(), ErrorKind::Undeliverable);
    let mut server = listen(&driver, "s1").await;
    let other = target().with_server("s2");
    let error = driver.cast(&other, request("m"), send_options()).await.expect_err("nobody");
    assert_eq!(error.kind(), ErrorKind::Undeliverable);
    assert_eq!((error.get("server"), error.get("method")), (Some("s2"), Some("m")));
    server.stop().await.expect("a stop");
    let error = driver.cast(&target(), request("m"), send_options()).await.expect_err("nobody");
    assert_eq!(error.kind(), ErrorKind::Undeliverable);
    assert_eq!(bus.counters().undeliverable, 4);
    assert_eq!(bus.queues(), []);
}

#[tokio::test]
async fn exchanges_keep_topics_apart() {
    let (driver, _) = bus("exchanges_keep_topics_apart").await;
    let mut server = listen(&driver, "s1").await;
    let other = target().with_exchange("other");
    let error = driver.cast(&other, request("m"), send_options()).await.expect_err("nobody");
    assert_eq!(error.kind(), ErrorKind::Undeliverable);
    let same = target().with_exchange("openstack");
    driver.cast(&same, request("m"), send_options()).await.expect("a cast");
    assert_eq!(methods(&mut server).await, ["m"]);
}

#[tokio::test]
async fn servers_of_a_topic_take_turns() {
    let (driver, _) = bus("servers_of_a_topic_take_turns").await;
    let mut servers = Vec::new();
    for name in ["s1", "s2", "s3"] {
        servers.push(listen(&driver, name).await);
    }
    for number in 0..9 {
        cast(&driver, &number.to_string()).await;
    }
    for server in &mut servers {
        let batch = server.next(100, Duration::ZERO).await.expect("messages");
        assert_eq!(batch.len(), 3);
        for mut incoming in batch {
            incoming.delivery.acknowledge().await.expect("an acknowledgement");
        }
    }
}

#[tokio::test]
async fn waiting_servers_take_turns() {
    let (driver, _) = bus("waiting_servers_take_turns").await;
    for name in ["s1", "s2", "s3"] {
        echo(&driver, name).await;
    }
    tokio::task::yield_now().await;
    let mut counts = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..30 {
        let reply = driver.call(&target(), request("m"), call_options()).await.expect("a reply");
        let (_, server): (String, String) = reply.to().expect("a name");
        *counts.entry(server).or_default() += 1;
    }
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [10, 10, 10]);
}

#[tokio::test]
async fn who_is_free_takes_over_what_a_busy_server_does_not_fetch() {
    let (driver, _) = bus("who_is_free_takes_over").await;
    let _busy = listen(&driver, "busy").await;
    let mut free = listen(&driver, "free").await;
    for method in ["a", "b", "c", "d"] {
        cast(&driver, method).await;
    }
    assert_eq!(methods(&mut free).await, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn who_is_free_lets_others_fetch_their_own_first() {
    let (driver, _) = bus("who_is_free_lets_others").await;
    let (mut s1, mut s2) = (listen(&driver, "s1").await, listen(&driver, "s2").await);
    cast(&driver, "a").await;
    cast(&driver, "b").await;
    let _held = one(&mut s1).await;
    let (mut again, mut own) = (s1.next(1, Duration::ZERO), s2.next(1, Duration::ZERO));
    assert!(futures_util::poll!(&mut again).is_pending());
    assert!(futures_util::poll!(&mut own).is_ready());
}

#[tokio::test]
async fn a_fan_out_reaches_those_who_listen_now() {
    let (driver, bus) = bus("a_fan_out_reaches_those_who_listen_now").await;
    let everybody = target().with_fanout(true);
    driver.cast(&everybody, request("nobody"), send_options()).await.expect("no error");
    let (mut s1, mut s2) = (listen(&driver, "s1").await, listen(&driver, "s2").await);
    driver.cast(&everybody, request("both"), send_options()).await.expect("a cast");
    s2.stop().await.expect("a stop");
    let mut s3 = listen(&driver, "s3").await;
    driver.cast(&everybody, request("later"), send_options()).await.expect("a cast");
    assert_eq!(methods(&mut s1).await, ["both", "later"]);
    assert_eq!(methods(&mut s3).await, ["later"]);
    assert_eq!(bus.counters().abandoned, 1);
}

#[tokio::test]
async fn a_cast_to_a_server_reaches_that_one() {
    let (driver, _) = bus("a_cast_to_a_server_reaches_that_one").await;
    let (mut s1, mut s2) = (listen(&driver, "s1").await, listen(&driver, "s2").await);
    for _ in 0..3 {
        let s2 = target().with_server("s2");
        driver.cast(&s2, request("m"), send_options()).await.expect("a cast");
    }
    assert!(nothing(&mut s1).await);
    assert_eq!(methods(&mut s2).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn no_reply_by_the_deadline_is_a_timeout() {
    let (driver, bus) = bus("no_reply_by_the_deadline_is_a_timeout").await;
    let mut server = listen(&driver, "s1").await;
    let error = driver.call(&target(), request("m"), call_options()).await.expect_err("no reply");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!((error.get("topic"), error.get("method")), (Some("topic"), Some("m")));
    // What has expired is not handed over.
    assert!(nothing(&mut server).await);
    assert_eq!((bus.counters().expired, bus.waiting_calls()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_expired_cast_is_not_handed_over() {
    let (driver, bus) = bus("an_expired_cast_is_not_handed_over").await;
    let mut server = listen(&driver, "s1").await;
    for (method, expiry) in [("short", Some(within(seconds(1)))), ("long", None)] {
        let options = SendOptions { expiry, ..send_options() };
        driver.cast(&target(), request(method), options).await.expect("a cast");
    }
    tokio::time::advance(seconds(1)).await;
    assert_eq!(methods(&mut server).await, ["long"]);
    assert_eq!(bus.counters().expired, 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_reply_is_dropped_and_counted() {
    let (driver, bus) = bus("a_late_reply_is_dropped_and_counted").await;
    let mut server = listen(&driver, "s1").await;
    let (target, options) = (target(), call_options());
    let call = driver.call(&target, request("m"), options);
    let (error, incoming) = tokio::join!(call, one(&mut server));
    assert_eq!(error.expect_err("no reply").kind(), ErrorKind::Timeout);
    assert_eq!(incoming.deadline, Some(options.deadline));
    incoming.delivery.reply(Ok(Payload::null())).await.expect("no error");
    assert_eq!(bus.counters().late_replies, 1);
}

#[tokio::test]
async fn a_reply_to_a_call_that_was_given_up_is_dropped_and_counted() {
    let (driver, bus) = bus("a_reply_to_a_call_that_was_given_up").await;
    let mut server = listen(&driver, "s1").await;
    let target = target();
    let mut call = driver.call(&target, request("m"), call_options());
    assert!(futures_util::poll!(&mut call).is_pending());
    drop(call);
    let incoming = one(&mut server).await;
    incoming.delivery.reply(Ok(Payload::null())).await.expect("no error");
    assert_eq!((bus.counters().late_replies, bus.waiting_calls()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_keep_a_monitored_call_alive() {
    let (driver, _) = bus("heartbeats_keep_a_monitored_call_alive").await;
    let mut server = listen(&driver, "s1").await;
    let options = CallOptions { call_monitor_timeout: Some(seconds(2)), ..call_options() };
    let target = target();
    let call = driver.call(&target, request("m"), options);
    let serve = async {
        let mut incoming = one(&mut server).await;
        assert_eq!(incoming.call_monitor_timeout, Some(seconds(2)));
        for _ in 0..6 {
            tokio::time::sleep(seconds(1)).await;
            incoming.delivery.heartbeat().await.expect("a heartbeat");
        }
        incoming.delivery.reply(Ok(Payload::null())).await.expect("a reply");
    };
    tokio::join!(call, serve).0.expect("a reply");

    let (call, serve) = (driver.call(&target, request("m"), options), one(&mut server));
    let before = tokio::time::Instant::now();
    let error = tokio::join!(call, serve).0.expect_err("silence");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(before.elapsed(), seconds(2));
}

#[tokio::test]
async fn a_call_cannot_fan_out_and_a_server_needs_a_name() {
    let (driver, _) = bus("a_call_cannot_fan_out").await;
    let everybody = target().with_fanout(true);
    let call = driver.call(&everybody, request("m"), call_options());
    assert_eq!(call.await.expect_err("fan-out").kind(), ErrorKind::InvalidTarget);
    let error = driver.listen(&target()).await.expect_err("no server");
    assert_eq!(error.kind(), ErrorKind::InvalidTarget);
}

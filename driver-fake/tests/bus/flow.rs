//! Bounded queues, what is given back, limits, serializers.

use std::time::Duration;

use busway_core::driver::{Retry, SendOptions};
use busway_core::{ErrorKind, Payload};
use busway_driver_fake::Bus;
use futures_util::FutureExt;
use tokio::time::Instant;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_full_queue_holds_its_senders_until_there_is_room() {
    let driver = open("fake://a_full_queue/?queue_capacity=2").await.expect("a bus");
    let bus = Bus::named("a_full_queue");
    let mut server = listen(&driver, "s").await;
    cast(&driver, "a").await;
    cast(&driver, "b").await;
    let before = Instant::now();
    let error = driver.cast(&target(), request("c"), send_options()).await.expect_err("full");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Full, true));
    assert_eq!(error.get("queue"), Some("openstack/topic"));
    assert_eq!(before.elapsed(), seconds(10));

    // Room comes with the acknowledgement, and waiting senders are let in one by one.
    let (d, e) = (cast(&driver, "d"), cast(&driver, "e"));
    let serve = async {
        let mut first = one(&mut server).await;
        let held = stats(&bus, "openstack/topic").expect("a queue");
        assert_eq!((held.ready, held.unacknowledged), (1, 1));
        tokio::time::sleep(seconds(1)).await;
        first.delivery.acknowledge().await.expect("an acknowledgement");
        tokio::time::sleep(seconds(1)).await;
        assert_eq!(stats(&bus, "openstack/topic").expect("a queue").ready, 2);
        methods(&mut server).await
    };
    let ((), (), methods) = tokio::join!(d, e, serve);
    assert_eq!(methods, ["b", "d", "e"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_listener_slows_a_fan_out_and_all_or_none_get_it() {
    let driver = open("fake://a_slow_listener/?queue_capacity=1").await.expect("a bus");
    let (mut fast, mut slow) = (listen(&driver, "fast").await, listen(&driver, "slow").await);
    let everybody = target().with_fanout(true);
    driver.cast(&everybody, request("a"), send_options()).await.expect("a cast");
    assert_eq!(methods(&mut fast).await, ["a"]);
    let cast = driver.cast(&everybody, request("b"), send_options()).await;
    assert_eq!(cast.expect_err("full").kind(), ErrorKind::Full);
    assert!(nothing(&mut fast).await);
    let cast = driver.cast(&everybody, request("c"), send_options());
    let leave = async {
        tokio::time::sleep(seconds(1)).await;
        slow.stop().await.expect("a stop");
    };
    tokio::join!(cast, leave).0.expect("a cast");
    assert_eq!(methods(&mut fast).await, ["c"]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_room_hears_when_the_last_server_goes() {
    let driver = open("fake://who_waits_for_room/?queue_capacity=1").await.expect("a bus");
    let mut server = listen(&driver, "s").await;
    cast(&driver, "a").await;
    let leave = async {
        tokio::time::sleep(seconds(1)).await;
        server.stop().await.expect("a stop");
    };
    let target = target();
    let (sent, ()) = tokio::join!(driver.cast(&target, request("b"), send_options()), leave);
    assert_eq!(sent.expect_err("nobody").kind(), ErrorKind::Undeliverable);
}

#[tokio::test(start_paused = true)]
async fn what_has_expired_makes_room() {
    let driver = open("fake://what_has_expired/?queue_capacity=1").await.expect("a bus");
    let mut server = listen(&driver, "s").await;
    let options = SendOptions { expiry: Some(within(seconds(1))), ..send_options() };
    driver.cast(&target(), request("a"), options).await.expect("a cast");
    tokio::time::advance(seconds(2)).await;
    let sent = driver.cast(&target(), request("b"), send_options()).now_or_never();
    sent.expect("at once").expect("a cast");
    assert_eq!(methods(&mut server).await, ["b"]);
}

#[tokio::test]
async fn a_request_without_acknowledgement_is_not_given_back() {
    let (driver, bus) = bus("a_request_without_acknowledgement").await;
    let mut server = listen(&driver, "s").await;
    let options = SendOptions { retry: Some(Retry::NEVER), ..send_options() };
    driver.cast(&target(), request("a"), options).await.expect("a cast");
    let mut incoming = one(&mut server).await;
    assert!(!incoming.delivery.needs_acknowledgement() && !incoming.delivery.expects_reply());
    incoming.delivery.acknowledge().await.expect("nothing to do");
    let error = incoming.delivery.requeue().await.expect_err("not given back");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(nothing(&mut server).await);
    assert_eq!(stats(&bus, "openstack/topic").expect("a queue").unacknowledged, 0);
}

#[tokio::test]
async fn an_unsettled_request_goes_to_another_server_marked() {
    let (driver, _) = bus("an_unsettled_request").await;
    let (mut s1, mut s2) = (listen(&driver, "s1").await, listen(&driver, "s2").await);
    cast(&driver, "a").await;
    let incoming = one(&mut s1).await;
    assert!(!incoming.redelivered);
    drop((incoming, s1));
    let mut again = one(&mut s2).await;
    assert!(again.redelivered);
    again.delivery.acknowledge().await.expect("an acknowledgement");
    let error = again.delivery.requeue().await.expect_err("settled");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(nothing(&mut s2).await);
}

#[tokio::test(start_paused = true)]
async fn requests_wait_for_a_new_server_but_not_for_ever() {
    let (driver, bus) = bus("requests_wait_for_a_new_server").await;
    let mut server = listen(&driver, "s").await;
    cast(&driver, "a").await;
    cast(&driver, "b").await;
    drop(one(&mut server).await);
    drop(server);
    let queue = stats(&bus, "openstack/topic").expect("the queue stays");
    assert_eq!((queue.ready, queue.listeners), (2, 0));
    let sent = driver.cast(&target(), request("c"), send_options()).await;
    assert_eq!(sent.expect_err("nobody listens").kind(), ErrorKind::Undeliverable);
    tokio::time::advance(seconds(59)).await;
    let mut server = listen(&driver, "s").await;
    let batch = server.next(1, Duration::ZERO).await.expect("a batch");
    assert!(batch[0].redelivered);
    drop((batch, server));
    tokio::time::sleep(seconds(59)).await;
    assert_eq!(bus.queues().len(), 1);
    tokio::time::sleep(seconds(1)).await;
    tokio::task::yield_now().await;
    assert_eq!((bus.queues(), bus.counters().abandoned), (vec![], 2));
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_servers_have_all_gone_is_undeliverable() {
    let url = "fake://a_call_whose_servers_have_all_gone/?rpc_queue_expiration=5";
    let driver = open(url).await.expect("a bus");
    let mut server = listen(&driver, "s").await;
    let leave = async {
        drop(one(&mut server).await);
        drop(server);
    };
    let (target, options) = (target(), call_options());
    let before = Instant::now();
    let (result, ()) = tokio::join!(driver.call(&target, request("m"), options), leave);
    assert_eq!(result.expect_err("nobody").kind(), ErrorKind::Undeliverable);
    assert_eq!(before.elapsed(), seconds(5));
}

#[tokio::test]
async fn bodies_over_the_limits_do_not_leave() {
    let (driver, _) = bus("bodies_over_the_limits").await;
    let mut server = listen(&driver, "s").await;
    let deep =
        Payload::of(&(0..80).fold(serde_json::json!(1), |value, _| serde_json::json!([value])));
    let mut request = request("m");
    request.args = deep.expect("JSON");
    let error = driver.cast(&target(), request.clone(), send_options()).await.expect_err("deep");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::LimitExceeded, Some("cast")));
    let mut notification = notification("e");
    notification.payload = request.args.clone();
    let error = driver.notify(&target(), &notification, notify_options()).await.expect_err("deep");
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);

    let (target, options) = (target(), call_options());
    let call = driver.call(&target, crate::support::request("m"), options);
    let serve = async {
        let incoming = one(&mut server).await;
        let error = incoming.delivery.reply(Ok(request.args.clone())).await.expect_err("deep");
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    };
    let (result, ()) = tokio::join!(call, serve);
    assert_eq!(result.expect_err("the caller hears of it").kind(), ErrorKind::Remote);
}

#[tokio::test]
async fn msgpack_bodies_pass_through_unchanged() {
    let driver = open("fake://msgpack_bodies/?serializer=msgpack").await.expect("a bus");
    let mut server = listen(&driver, "s").await;
    let args = serde_json::json!({"a": [null, true, -1, 1.5, "ž", u64::MAX]});
    let mut request = request("m");
    request.args = Payload::of(&args).expect("JSON");
    let (target, options) = (target(), call_options());
    let serve = async {
        let incoming = one(&mut server).await;
        let args = incoming.body.args.clone();
        incoming.delivery.reply(Ok(args)).await.expect("a reply");
    };
    let (reply, ()) = tokio::join!(driver.call(&target, request, options), serve);
    assert_eq!(reply.expect("a reply").to::<serde_json::Value>().expect("JSON"), args);
}

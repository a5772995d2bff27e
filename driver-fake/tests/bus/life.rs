//! Opening, closing, and what is left behind: nothing.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use busway_core::driver::{CallOptions, Driver, Retry};
use busway_core::{ErrorKind, Payload};
use busway_driver_fake::Bus;
use tokio::time::Instant;

use crate::support::*;

#[tokio::test]
async fn a_bus_goes_with_its_last_transport() {
    assert!(!Bus::exists("goes"));
    let (one, two) = (open("fake://goes/").await.expect("a bus"), open("fake://goes").await);
    notify(&one, "a").await;
    drop(one);
    assert!(Bus::exists("goes"));
    let two = two.expect("the same bus");
    two.close(within(seconds(1))).await.expect("a close");
    assert!(!Bus::exists("goes"));
    let handle = Bus::named("goes");
    assert_eq!(handle.queues(), []);
    drop(handle);
    assert!(!Bus::exists("goes"));
}

#[tokio::test]
async fn buses_are_told_apart_by_host_and_virtual_host() {
    let (a, _) = bus("apart").await;
    let b = open("fake://apart/vhost").await.expect("a bus");
    let _default = open("fake://").await.expect("a bus");
    assert!(Bus::exists("default") && Bus::exists("apart/vhost"));
    let _server = echo(&a, "s").await;
    let error = b.call(&target(), request("m"), call_options()).await.expect_err("another bus");
    assert_eq!(error.kind(), ErrorKind::Undeliverable);
}

#[tokio::test]
async fn after_a_close_everything_is_closed() {
    let (driver, bus) = bus("after_a_close").await;
    let mut server = listen(&driver, "s").await;
    driver.close(within(seconds(1))).await.expect("a close");
    driver.close(within(seconds(1))).await.expect("a second close");
    let call = driver.call(&target(), request("m"), call_options()).await;
    assert_eq!(call.expect_err("closed").kind(), ErrorKind::Closed);
    let cast = driver.cast(&target(), request("m"), send_options()).await;
    assert_eq!(cast.expect_err("closed").kind(), ErrorKind::Closed);
    let notify = driver.notify(&target(), &notification("e"), notify_options()).await;
    assert_eq!(notify.expect_err("closed").kind(), ErrorKind::Closed);
    let listen = driver.listen(&target().with_server("s")).await;
    assert_eq!(listen.expect_err("closed").kind(), ErrorKind::Closed);
    assert!(server.next(1, Duration::ZERO).await.expect("an end").is_empty());
    assert_eq!((bus.transports(), bus.queues()), (0, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_close_ends_what_still_waits() {
    let (client, _) = bus("a_close_ends_what_waits").await;
    let other = open("fake://a_close_ends_what_waits/").await.expect("a bus");
    let mut server = listen(&other, "s").await;
    let target = target();
    let call = client.call(&target, request("m"), call_options());
    let mut listener = listen_to(&client, None).await;
    let waiting = tokio::spawn(async move { listener.next(1, Duration::ZERO).await });
    let close = async {
        let taken = one(&mut server).await;
        client.close(within(seconds(2))).await.expect("a close");
        taken
    };
    let before = Instant::now();
    let (call, _taken) = tokio::join!(call, close);
    assert_eq!(call.expect_err("cut off").kind(), ErrorKind::Closed);
    assert!(waiting.await.expect("a task").expect("an end").is_empty());
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_close_gives_back_what_its_listeners_hold() {
    let (driver, bus) = bus("a_close_gives_back").await;
    let other = open("fake://a_close_gives_back/").await.expect("a bus");
    notify(&driver, "a").await;
    let mut listener = listen_to(&other, None).await;
    let _held = one(&mut listener).await;
    other.close(within(seconds(1))).await.expect("a close");
    assert!(one(&mut listen_to(&driver, None).await).await.redelivered);
    assert_eq!(bus.transports(), 1);
}

#[tokio::test]
async fn a_stopped_listener_ends_and_leaves_its_messages_to_others() {
    let (driver, bus) = bus("a_stopped_listener_ends").await;
    let (mut s1, mut s2) = (listen(&driver, "s1").await, listen(&driver, "s2").await);
    for method in ["a", "b", "c", "d"] {
        cast(&driver, method).await;
    }
    let mut held = one(&mut s1).await;
    s1.stop().await.expect("a stop");
    s1.stop().await.expect("a second stop");
    assert!(s1.next(1, Duration::ZERO).await.expect("an end").is_empty());
    assert_eq!(methods(&mut s2).await, ["b", "c", "d"]);
    held.delivery.acknowledge().await.expect("an acknowledgement");
    drop(s2);
    assert_eq!(bus.queues(), []);
}

/// Polls a future so often, a millisecond apart, and drops it. Tells whether it was done.
async fn poll_and_drop<T>(future: impl Future<Output = T>, polls: usize) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        if futures_util::poll!(&mut future).is_ready() {
            return true;
        }
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    false
}

/// One call, of which each step is taken when it can be; dropped after so many.
async fn steps(client: &Arc<dyn Driver>, server: &mut Requests, steps: usize) -> bool {
    let target = target();
    for retry in [None, Some(Retry::NEVER)] {
        let options = CallOptions { retry, ..call_options() };
        let exchange = async {
            let call = client.call(&target, request("m"), options);
            let serve = async {
                let mut incoming = one(server).await;
                tokio::task::yield_now().await;
                incoming.delivery.acknowledge().await.expect("an acknowledgement");
                tokio::task::yield_now().await;
                incoming.delivery.reply(Ok(Payload::null())).await.expect("a reply");
            };
            let (reply, ()) = tokio::join!(call, serve);
            reply.expect("a reply");
        };
        if poll_and_drop(exchange, steps).await {
            return true;
        }
    }
    false
}

#[tokio::test(start_paused = true)]
async fn an_exchange_dropped_at_any_await_leaves_nothing_stuck() {
    let driver = open("fake://dropped_at_any_await/?queue_capacity=1&delay=0.002").await;
    let (driver, bus) = (driver.expect("a bus"), Bus::named("dropped_at_any_await"));
    let mut server = listen(&driver, "s").await;
    let mut count = 0;
    while !steps(&driver, &mut server, count).await {
        count += 1;
        assert!(count < 1000, "it never ends");
        assert_eq!(bus.waiting_calls(), 0);
        // What had left is there, for any listener; then all works as before.
        methods(&mut server).await;
        tokio::join!(cast(&driver, "after"), async {
            assert_eq!(methods(&mut server).await, ["after"]);
        });
        for queue in bus.queues() {
            assert_eq!((queue.ready, queue.unacknowledged), (0, 0), "{count}: {queue:?}");
        }
    }
    assert!(count > 2, "{count}");
}

#[tokio::test(start_paused = true)]
async fn a_sender_dropped_while_it_waits_for_room_leaves_its_place_to_others() {
    let driver = open("fake://dropped_while_it_waits/?queue_capacity=1").await.expect("a bus");
    let mut server = listen(&driver, "s").await;
    let everybody = target().with_fanout(true);
    cast(&driver, "a").await;
    driver.cast(&everybody, request("fan-out"), send_options()).await.expect("a cast");
    for polls in 0..4 {
        assert!(!poll_and_drop(cast(&driver, "never"), polls).await);
        let cast = driver.cast(&everybody, request("never"), send_options());
        assert!(!poll_and_drop(cast, polls).await);
    }
    let mut seen = methods(&mut server).await;
    seen.sort();
    assert_eq!(seen, ["a", "fan-out"]);
    cast(&driver, "b").await;
    driver.cast(&everybody, request("c"), send_options()).await.expect("a cast");
    assert_eq!(methods(&mut server).await.len(), 2);
}

#[tokio::test]
async fn a_listener_dropped_while_it_waits_wakes_another() {
    let (driver, _) = bus("a_listener_dropped_while_it_waits").await;
    let mut first = listen_to(&driver, None).await;
    let mut second = listen_to(&driver, None).await;
    // The first one waits first: the message is owed to it.
    let mut waiting = Box::pin(first.next(1, Duration::ZERO));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    let other = tokio::spawn(async move { one(&mut second).await.body.event_type });
    tokio::task::yield_now().await;
    notify(&driver, "a").await;
    drop(waiting);
    assert_eq!(other.await.expect("a message"), "a");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_or_doubled_between_many_tasks() {
    let driver = open("fake://between_many_tasks/?queue_capacity=16").await.expect("a bus");
    let bus = Bus::named("between_many_tasks");
    for name in ["s1", "s2", "s3"] {
        echo(&driver, name).await;
    }
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let driver = driver.clone();
        callers.spawn(async move {
            for number in 0..100 {
                let request = request(&number.to_string());
                let reply = driver.call(&target(), request, call_options()).await.expect("a reply");
                let (method, _): (String, String) = reply.to().expect("a method");
                assert_eq!(method, number.to_string());
            }
        });
    }
    callers.join_all().await;
    let counters = bus.counters();
    assert_eq!((counters.sent, counters.delivered, counters.redelivered), (6400, 6400, 0));
    assert_eq!(bus.waiting_calls(), 0);
    for queue in bus.queues() {
        assert_eq!((queue.ready, queue.unacknowledged), (0, 0), "{queue:?}");
    }
}

/// Takes one message in some haste: gives up early, or gives back now and then. Tells how many
/// have arrived for good.
async fn take_in_haste(listener: &mut Notifications, random: &mut fastrand::Rng) -> usize {
    let haste = Duration::from_micros(random.u64(..300));
    let next = listener.next(random.usize(1..4), Duration::from_micros(random.u64(..50)));
    let Ok(batch) = tokio::time::timeout(haste, next).await else { return 0 };
    let mut settled = 0;
    for mut incoming in batch.expect("a subscription") {
        if random.u8(..8) > 0 {
            incoming.delivery.acknowledge().await.expect("an acknowledgement");
            settled += 1;
        }
    }
    settled
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_stays_behind_between_listeners_that_come_and_go_and_give_up() {
    const COUNT: usize = 3000;
    let driver = open("fake://come_and_go/?queue_capacity=16").await.expect("a bus");
    let (settled, bus) = (Arc::new(AtomicUsize::new(0)), Bus::named("come_and_go"));
    let mut listeners = tokio::task::JoinSet::new();
    for seed in 0..4 {
        let (driver, settled) = (driver.clone(), settled.clone());
        listeners.spawn(async move {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut listener = listen_to(&driver, None).await;
            while settled.load(Ordering::SeqCst) < COUNT {
                let taken = take_in_haste(&mut listener, &mut random).await;
                settled.fetch_add(taken, Ordering::SeqCst);
                if random.u8(..32) == 0 {
                    listener = listen_to(&driver, None).await;
                }
            }
        });
    }
    // One that is patient: what is rung for it must reach it.
    let (patient, total) = (driver.clone(), settled.clone());
    let patient = tokio::spawn(async move {
        let mut listener = listen_to(&patient, None).await;
        loop {
            let batch = listener.next(2, Duration::ZERO).await.expect("a subscription");
            if batch.is_empty() {
                return;
            }
            for mut incoming in batch {
                incoming.delivery.acknowledge().await.expect("an acknowledgement");
                total.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    for number in 0..COUNT {
        notify(&driver, &number.to_string()).await;
    }
    let all = tokio::time::timeout(seconds(30), listeners.join_all()).await;
    let left = bus.queues();
    all.unwrap_or_else(|_| panic!("{settled:?} of {COUNT}: {left:?}"));
    assert_eq!(settled.load(Ordering::SeqCst), COUNT);
    driver.close(within(seconds(1))).await.expect("a close");
    patient.await.expect("an end");
}

#[tokio::test]
async fn what_a_dropped_listener_handed_over_is_taken_back_when_its_connection_is_lost() {
    let (driver, bus) = bus("a_dropped_listener_handed_over").await;
    let other = open("fake://a_dropped_listener_handed_over/").await.expect("a bus");
    notify(&driver, "a").await;
    let mut listener = listen_to(&other, None).await;
    let mut held = one(&mut listener).await;
    drop(listener);
    bus.faults().disconnect();
    bus.faults().reconnect();
    let error = held.delivery.acknowledge().await.expect_err("taken back");
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(one(&mut listen_to(&driver, None).await).await.redelivered);
}

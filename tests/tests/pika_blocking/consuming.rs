//! The iterator of messages.

use std::sync::Arc;
use std::time::Duration;

use busway_core::ErrorKind;
use busway_driver_pika::blocking::{Consume, Consumer, Delivery};
use libtest_mimic::Trial;

use crate::stand::{HANG, Stand, assert_failed, fill, queue, trial, waiting};

pub(crate) fn trials(stand: &Arc<Stand>) -> Vec<Trial> {
    vec![
        trial("messages_are_iterated_in_order_and_acknowledged", stand, iterated),
        trial("the_iterator_ends_for_now_when_nothing_comes", stand, inactivity),
        trial("messages_are_acknowledged_as_they_are_handed_over", stand, auto_ack),
        trial("cancelling_gives_back_what_was_not_handed_over", stand, cancelled),
        trial("a_consumer_is_cancelled_by_its_tag", stand, cancelled_by_tag),
        trial("a_dropped_consumer_is_cancelled", stand, dropped),
        trial("a_deleted_queue_ends_the_iterator", stand, queue_deleted),
        trial("the_prefetch_count_bounds_what_is_given", stand, prefetch),
        trial("an_exclusive_consumer_is_alone", stand, exclusive),
    ]
}

/// Patient where messages are sure to come.
fn patient() -> Consume {
    Consume { inactivity_timeout: Some(HANG), ..Consume::default() }
}

/// Impatient where none may come.
fn impatient() -> Consume {
    Consume { inactivity_timeout: Some(Duration::from_millis(50)), ..Consume::default() }
}

fn body(consumer: &mut Consumer) -> String {
    let message = consumer.next().expect("a message").expect("no error");
    String::from_utf8(message.body).expect("text")
}

fn iterated(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    fill(&channel, &queue, &["1", "2", "3"]);
    let consumer = channel.consume(&queue, &patient()).expect("a consumer");
    let mut seen = Vec::new();
    for message in consumer {
        let message = message.expect("no error");
        channel.basic_ack(message.delivery_tag, false).expect("acknowledged");
        seen.push(message.body);
        if seen.len() == 3 {
            break;
        }
    }
    assert_eq!(seen, [b"1", b"2", b"3"]);
    channel.close().expect("closed");
    assert_eq!(waiting(&connection, &queue), 0);
}

fn inactivity(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    let mut consumer = channel.consume(&queue, &impatient()).expect("a consumer");
    assert!(consumer.next().is_none());
    assert!(consumer.is_active());
    fill(&channel, &queue, &["late"]);
    assert_eq!(take(&mut consumer, 1)[0].body, b"late");
}

fn auto_ack(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    fill(&channel, &queue, &["1", "2"]);
    let consume = Consume { auto_ack: true, ..patient() };
    let mut consumer = channel.consume(&queue, &consume).expect("a consumer");
    assert_eq!(body(&mut consumer), "1");
    drop(consumer);
    channel.close().expect("closed");
    assert_eq!(waiting(&connection, &queue), 1, "only what was handed over is gone");
}

fn cancelled(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    fill(&channel, &queue, &["1", "2", "3"]);
    let mut consumer = channel.consume(&queue, &patient()).expect("a consumer");
    assert_eq!(body(&mut consumer), "1");
    assert_eq!(consumer.cancel().expect("cancelled"), 2);
    // It waits for the broker to have them back.
    let again = channel.basic_get(&queue, true).expect("got").expect("a message");
    assert_eq!((again.body.as_slice(), again.redelivered), (&b"2"[..], true));
    channel.close().expect("closed");
    assert_eq!(waiting(&connection, &queue), 2, "the first was not acknowledged");
}

fn cancelled_by_tag(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    fill(&channel, &queue, &["1"]);
    let named = Consume { consumer_tag: "mine".to_owned(), ..patient() };
    let mut consumer = channel.consume(&queue, &named).expect("a consumer");
    assert_eq!(consumer.tag(), "mine");
    assert_eq!(channel.queue_declare(&queue, &crate::stand::passive()).unwrap().consumer_count, 1);
    channel.basic_cancel("mine").expect("cancelled");
    channel.basic_cancel("unknown").expect("no matter");
    assert_eq!(channel.queue_declare(&queue, &crate::stand::passive()).unwrap().consumer_count, 0);
    assert_eq!(body(&mut consumer), "1");
    assert!(consumer.next().is_none() && !consumer.is_active());
}

fn dropped(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    fill(&channel, &queue, &["1", "2"]);
    let mut consumer = channel.consume(&queue, &patient()).expect("a consumer");
    assert_eq!(body(&mut consumer), "1");
    drop(consumer);
    // What goes back may arrive there after the question does.
    let since = std::time::Instant::now();
    let mut asked = (1, 0);
    while asked != (0, 1) && since.elapsed() < crate::stand::HANG {
        let queue = channel.queue_declare(&queue, &crate::stand::passive()).expect("asked");
        asked = (queue.consumer_count, queue.message_count);
    }
    assert_eq!(asked, (0, 1));
}

fn queue_deleted(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    let mut consumer = channel.consume(&queue, &Consume::default()).expect("a consumer");
    connection.channel().expect("a channel").queue_delete(&queue, false, false).expect("deleted");
    assert!(consumer.next().is_none());
    assert!(!consumer.is_active());
    assert!(channel.is_open());
}

/// So many messages, however long they take.
fn take(consumer: &mut Consumer, count: usize) -> Vec<Delivery> {
    let coming = std::iter::repeat_with(|| consumer.next()).flatten();
    coming.take(count).map(|message| message.expect("no error")).collect()
}

fn prefetch(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    fill(&channel, &queue, &["x"; 150]);
    // By default, 100.
    let mut consumer = channel.consume(&queue, &impatient()).expect("a consumer");
    take(&mut consumer, 100);
    assert!(consumer.next().is_none());
    channel.close().expect("closed");

    let channel = connection.channel().expect("a channel");
    channel.basic_qos(2, false).expect("set");
    let mut consumer = channel.consume(&queue, &impatient()).expect("a consumer");
    let given = take(&mut consumer, 2);
    assert!(consumer.next().is_none());
    channel.basic_ack(given[0].delivery_tag, false).expect("acknowledged");
    take(&mut consumer, 1);
    assert!(consumer.next().is_none());
}

fn exclusive(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    let alone = Consume { exclusive: true, ..patient() };
    let _consumer = channel.consume(&queue, &alone).expect("a consumer");
    let other = connection.channel().expect("a channel");
    let error = assert_failed(other.consume(&queue, &patient()), "consume", ErrorKind::Refused);
    assert_eq!(error.get("queue"), Some(queue.as_str()));
}

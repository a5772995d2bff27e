//! Acknowledging, giving back and dropping.

use std::sync::Arc;

use busway_core::ErrorKind;
use busway_driver_pika::blocking::{BlockingChannel, BlockingConnection, Consume, Delivery};
use libtest_mimic::Trial;

use crate::stand::{Stand, assert_failed, fill, queue, trial, waiting};

pub(crate) fn trials(stand: &Arc<Stand>) -> Vec<Trial> {
    vec![
        trial("acknowledged_messages_are_gone", stand, ack),
        trial("all_up_to_a_tag_are_acknowledged", stand, ack_multiple),
        trial("all_that_were_handed_over_are_acknowledged", stand, ack_all),
        trial("messages_are_given_back_or_dropped", stand, nack_and_reject),
        trial("recovered_messages_come_again", stand, recover),
        trial("an_unknown_tag_closes_the_channel", stand, unknown_tag),
    ]
}

/// A queue with three messages, and the channel that is to take them.
fn three(stand: &Stand) -> (BlockingConnection, BlockingChannel, String) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    fill(&channel, &queue, &["1", "2", "3"]);
    (connection, channel, queue)
}

fn get(channel: &BlockingChannel, queue: &str) -> Delivery {
    channel.basic_get(queue, false).expect("got").expect("a message")
}

/// How many messages are in the queue once the channel is closed.
fn left(connection: &BlockingConnection, channel: &BlockingChannel, queue: &str) -> u32 {
    channel.close().expect("closed");
    waiting(connection, queue)
}

fn ack(stand: &Stand) {
    let (connection, channel, queue) = three(stand);
    let [first, _second] = [get(&channel, &queue), get(&channel, &queue)];
    channel.basic_ack(first.delivery_tag, false).expect("acknowledged");
    assert_eq!(left(&connection, &channel, &queue), 2);
}

fn ack_multiple(stand: &Stand) {
    let (connection, channel, queue) = three(stand);
    let [_first, second, _third] = [(); 3].map(|()| get(&channel, &queue));
    channel.basic_ack(second.delivery_tag, true).expect("acknowledged");
    assert_eq!(left(&connection, &channel, &queue), 1);
}

fn ack_all(stand: &Stand) {
    let (connection, channel, queue) = three(stand);
    channel.basic_ack(0, true).expect("nothing was handed over");
    let mut consumer = channel.consume(&queue, &Consume::default()).expect("a consumer");
    for _ in 0..2 {
        consumer.next().expect("a message").expect("no error");
    }
    channel.basic_ack(0, true).expect("acknowledged");
    assert_eq!(consumer.cancel().expect("cancelled"), 1, "the third was not handed over");
    assert_eq!(left(&connection, &channel, &queue), 1);
}

fn nack_and_reject(stand: &Stand) {
    let (connection, channel, queue) = three(stand);
    channel.basic_nack(get(&channel, &queue).delivery_tag, false, true).expect("given back");
    let again = get(&channel, &queue);
    assert_eq!((again.body.as_slice(), again.redelivered), (&b"1"[..], true));
    channel.basic_reject(again.delivery_tag, true).expect("given back");
    let again = get(&channel, &queue);
    assert_eq!(again.body, b"1");
    channel.basic_reject(again.delivery_tag, false).expect("dropped");
    let [second, third] = [get(&channel, &queue), get(&channel, &queue)];
    assert_eq!((second.body.as_slice(), third.body.as_slice()), (&b"2"[..], &b"3"[..]));
    channel.basic_nack(third.delivery_tag, true, false).expect("dropped");
    assert_eq!(left(&connection, &channel, &queue), 0);
}

fn recover(stand: &Stand) {
    let (connection, channel, queue) = three(stand);
    let mut consumer = channel.consume(&queue, &Consume::default()).expect("a consumer");
    let mut next = || consumer.next().expect("a message").expect("no error");
    let first = next();
    channel.basic_recover(true).expect("recovered");
    let again = [next(), next(), next()];
    assert_eq!(again.each_ref().map(|it| it.body.as_slice()), [b"1", b"2", b"3"]);
    assert!(again[0].redelivered && again[0].delivery_tag > first.delivery_tag);
    let last = again[2].delivery_tag;
    channel.basic_ack(last, true).expect("acknowledged");
    let unsupported = channel.basic_recover(false);
    assert_failed(unsupported, "basic_recover", ErrorKind::Unsupported);
    assert_eq!(left(&connection, &channel, &queue), 0);
}

fn unknown_tag(stand: &Stand) {
    let (connection, channel, queue) = three(stand);
    channel.basic_ack(77, false).expect("the broker does not answer");
    let next = channel.basic_get(&queue, false).expect_err("it is closed");
    assert!(matches!(next.kind(), ErrorKind::Closed | ErrorKind::Refused), "{next:?}");
    // The broker's own words come by an event, which may be later than this.
    let told = ["unknown delivery tag 77", "closed the channel"];
    assert!(told.iter().any(|words| next.message().contains(words)), "{next}");
    assert_failed(channel.basic_ack(1, false), "basic_ack", ErrorKind::Closed);
    assert!(connection.is_open());
}

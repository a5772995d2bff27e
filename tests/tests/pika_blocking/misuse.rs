//! What a script does wrong.

use std::sync::Arc;
use std::time::Duration;

use busway_core::ErrorKind;
use busway_driver_pika::blocking::{Arguments, BlockingConnection, Consume, Properties};
use libtest_mimic::Trial;
use tokio::runtime::Runtime;

use crate::stand::{HANG, Stand, assert_failed, parameters, passive, queue, trial};

pub(crate) fn trials(stand: &Arc<Stand>) -> Vec<Trial> {
    vec![
        trial("an_unknown_queue_is_undeliverable", stand, unknown_queue),
        trial("a_closed_channel_says_so", stand, closed_channel),
        trial("a_closed_connection_says_so", stand, closed_connection),
        trial("a_wrong_password_is_refused", stand, wrong_password),
        trial("names_that_are_too_long_are_refused", stand, too_long),
        trial("within_an_async_runtime_it_is_refused", stand, within_a_runtime),
        trial("a_callback_may_use_the_connection", stand, callback),
        trial("dropping_everything_closes_the_connection", stand, dropped),
    ]
}

fn unknown_queue(stand: &Stand) {
    let connection = stand.connect();
    let none = Arguments::new();
    let channel = || connection.channel().expect("a channel");
    let kind = ErrorKind::Undeliverable;
    assert_failed(channel().queue_declare("q", &passive()), "queue_declare", kind);
    assert_failed(channel().queue_bind("q", "amq.direct", "", &none), "queue_bind", kind);
    assert_failed(channel().queue_purge("q"), "queue_purge", kind);
    assert_failed(channel().basic_get("q", true), "basic_get", kind);
    assert_failed(channel().exchange_bind("a", "b", "", &none), "exchange_bind", kind);
    let consumed = channel().consume("q", &Consume::default());
    let error = assert_failed(consumed, "consume", kind);
    assert_eq!(error.get("queue"), Some("q"));
    assert!(error.message().contains("NOT_FOUND"), "{error}");
}

fn closed_channel(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    let mut consumer = channel.consume(&queue, &Consume::default()).expect("a consumer");
    assert!(channel.is_open());
    channel.close().expect("closed");
    channel.close().expect("twice is no error");
    assert!(!channel.is_open());
    assert!(consumer.next().is_none());
    let publish = channel.basic_publish("", &queue, b"", &Properties::default(), false);
    assert_failed(publish, "basic_publish", ErrorKind::Closed);
    assert_failed(channel.basic_get(&queue, true), "basic_get", ErrorKind::Closed);
    assert_failed(channel.basic_ack(1, false), "basic_ack", ErrorKind::Closed);
    assert_failed(channel.confirm_delivery(), "confirm_delivery", ErrorKind::Closed);
    assert!(connection.is_open());
}

fn closed_connection(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    connection.close().expect("closed");
    connection.close().expect("twice is no error");
    assert!(!connection.is_open() && !channel.is_open());
    assert_failed(connection.channel(), "channel", ErrorKind::Closed);
    assert_failed(channel.queue_purge("q"), "queue_purge", ErrorKind::Closed);
    assert_failed(connection.sleep(HANG), "sleep", ErrorKind::Closed);
    channel.close().expect("closed");
}

fn wrong_password(stand: &Stand) {
    let wrong = busway_driver_pika::ConnectionParameters {
        credentials: busway_driver_pika::Credentials::plain("guest", "hunter2"),
        ..parameters(stand.broker(), "/")
    };
    let error = assert_failed(BlockingConnection::open(&wrong), "open", ErrorKind::Refused);
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let nowhere = parameters(stand.broker(), "nowhere");
    assert_failed(BlockingConnection::open(&nowhere), "open", ErrorKind::Refused);
}

fn too_long(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let long = "x".repeat(256);
    let kind = ErrorKind::InvalidArgument;
    let plain = Properties::default();
    assert_failed(channel.queue_declare(&long, &passive()), "queue_declare", kind);
    assert_failed(channel.basic_publish(&long, "", b"", &plain, true), "basic_publish", kind);
    assert_failed(channel.basic_publish("", &long, b"", &plain, true), "basic_publish", kind);
    let tagged = Properties { message_id: Some(long.clone()), ..plain };
    assert_failed(channel.basic_publish("", "q", b"", &tagged, true), "basic_publish", kind);
    assert_failed(channel.exchange_delete(&long, false), "exchange_delete", kind);
    assert_failed(channel.basic_cancel(&long), "basic_cancel", kind);
    assert!(channel.is_open(), "nothing of it reached the broker");
}

fn within_a_runtime(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    let mut consumer = channel.consume(&queue, &Consume::default()).expect("a consumer");
    let runtime = Runtime::new().expect("a runtime");
    let kind = ErrorKind::Unsupported;
    let parameters = parameters(stand.broker(), "/");
    runtime.block_on(async {
        assert_failed(BlockingConnection::open(&parameters), "open", kind);
        assert_failed(connection.channel(), "channel", kind);
        assert_failed(channel.basic_get(&queue, true), "basic_get", kind);
        assert_failed(connection.process_data_events(None), "process_data_events", kind);
        assert_failed(consumer.next().expect("an error"), "consume", kind);
        assert!(consumer.next().is_none());
        assert_failed(connection.close(), "close", kind);
        // Nor do these panic.
        drop((consumer, channel, connection));
    });
}

fn callback(stand: &Stand) {
    let connection = Arc::new(stand.connect());
    let channel = Arc::new(connection.channel().expect("a channel"));
    let queue = queue(&channel);
    let (inner, also, name) =
        (Arc::downgrade(&channel), Arc::downgrade(&connection), queue.clone());
    channel.add_on_return_callback(move |message| {
        let channel = inner.upgrade().expect("alive");
        let plain = Properties::default();
        channel.basic_publish("", &name, &message.body, &plain, true).expect("published");
        channel.add_on_return_callback(|_| {});
        let connection = also.upgrade().expect("alive");
        connection.process_data_events(Some(Duration::ZERO)).expect("processed");
    });
    channel.basic_publish("", "nobody", b"again", &Properties::default(), true).expect("sent");
    connection.process_data_events(Some(Duration::ZERO)).expect("processed");
    let got = channel.basic_get(&queue, true).expect("got").expect("a message");
    assert_eq!(got.body, b"again");
}

fn dropped(stand: &Stand) {
    let broker = stand.broker();
    let vhost = broker.add_vhost().expect("a virtual host");
    let connection = BlockingConnection::open(&parameters(broker, &vhost)).expect("a connection");
    let channel = connection.channel().expect("a channel");
    drop(connection);
    let queue = queue(&channel);
    let consumer = channel.consume(&queue, &Consume::default()).expect("a consumer");
    drop(channel);
    let count = || {
        let all = "rabbit_networking:connection_info_all([vhost, state])";
        let expression =
            format!("length([x || [{{vhost, <<\"{vhost}\">>}}, {{state, running}}] <- {all}])");
        broker.evaluate(&expression).expect("a count")
    };
    assert_eq!(count(), "1");
    drop(consumer);
    // The broker has answered the close.
    assert_eq!(count(), "0");
}

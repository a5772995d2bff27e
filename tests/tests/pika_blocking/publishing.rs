//! Publishing, with confirms and without.

use std::sync::Arc;
use std::sync::mpsc::channel as pipe;
use std::time::Duration;

use busway_core::ErrorKind;
use busway_driver_pika::blocking::{Nacked, Properties, QueueDeclare, Unroutable};
use libtest_mimic::Trial;
use serde_json::json;

use crate::stand::{Stand, assert_failed, object, queue, source, trial, waiting};

pub(crate) fn trials(stand: &Arc<Stand>) -> Vec<Trial> {
    vec![
        trial("a_message_arrives_as_it_was_sent", stand, as_it_was_sent),
        trial("what_comes_back_is_told", stand, returned),
        trial("what_comes_back_is_an_error_with_confirms", stand, unroutable),
        trial("what_the_broker_refuses_is_an_error_with_confirms", stand, nacked),
        trial("a_missing_exchange_is_an_error_with_confirms", stand, missing_exchange),
        trial("a_missing_exchange_closes_the_channel_without", stand, missing_without_confirms),
        trial("closing_at_once_loses_nothing", stand, closing_loses_nothing),
    ]
}

fn as_it_was_sent(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    let text = |text: &str| Some(text.to_owned());
    let sent = Properties {
        content_type: text("text/plain"),
        content_encoding: text("utf-8"),
        headers: object(json!({ "n": 1, "list": [true, null, { "deep": "ü" }] })),
        delivery_mode: Some(1),
        priority: Some(3),
        correlation_id: text("c"),
        reply_to: text("r"),
        expiration: text("600000"),
        message_id: text("m"),
        timestamp: Some(1_700_000_000),
        kind: text("k"),
        user_id: text("guest"),
        app_id: text("a"),
        cluster_id: text("l"),
    };
    // Longer than a frame.
    let body = vec![7; 100_000];
    channel.basic_publish("", &queue, &body, &sent, true).expect("published");
    channel.confirm_delivery().expect("confirms");
    channel.basic_publish("", &queue, b"", &Properties::default(), true).expect("published");

    let first = channel.basic_get(&queue, true).expect("got").expect("a message");
    assert_eq!(first.properties, sent);
    assert_eq!(first.body, body);
    assert_eq!((first.exchange.as_str(), first.routing_key.as_str()), ("", queue.as_str()));
    assert_eq!((first.redelivered, first.message_count), (false, Some(1)));
    let second = channel.basic_get(&queue, true).expect("got").expect("a message");
    assert_eq!((second.properties, second.body.len()), (Properties::default(), 0));
    assert_eq!(channel.basic_get(&queue, true).expect("got"), None);
}

fn returned(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let (told, tells) = pipe();
    channel.add_on_return_callback(move |message| told.send(message.clone()).expect("a listener"));
    let properties = Properties { message_id: Some("7".into()), ..Properties::default() };
    channel.basic_publish("", "nobody", b"hello", &properties, true).expect("on its way");
    channel.basic_publish("", "nobody", b"quiet", &properties, false).expect("on its way");
    connection.process_data_events(Some(Duration::ZERO)).expect("processed");
    let message = tells.try_recv().expect("it came back");
    assert_eq!((message.reply_code, message.reply_text.as_str()), (312, "NO_ROUTE"));
    assert_eq!((message.exchange.as_str(), message.routing_key.as_str()), ("", "nobody"));
    assert_eq!((message.properties, message.body), (properties, b"hello".to_vec()));
    assert!(tells.try_recv().is_err(), "what is not mandatory does not come back");
}

fn unroutable(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    channel.confirm_delivery().expect("confirms");
    let (told, tells) = pipe();
    channel.add_on_return_callback(move |message| told.send(message.clone()).expect("a listener"));
    let sent = Properties::default();
    let published = channel.basic_publish("", "nobody", b"hello", &sent, true);
    let error = assert_failed(published, "basic_publish", ErrorKind::Undeliverable);
    let unroutable: &Unroutable = source(&error);
    assert_eq!(
        (unroutable.message.reply_code, unroutable.message.body.as_slice()),
        (312, &b"hello"[..])
    );
    assert_eq!(tells.try_recv().expect("told, too"), unroutable.message);
    channel.basic_publish("", "nobody", b"quiet", &sent, false).expect("confirmed");
    channel.basic_publish("", &queue(&channel), b"hello", &sent, true).expect("the channel lives");
    assert!(tells.try_recv().is_err());
}

fn nacked(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    channel.confirm_delivery().expect("confirms");
    let full = QueueDeclare {
        arguments: object(json!({ "x-max-length": 1, "x-overflow": "reject-publish" })),
        ..QueueDeclare::default()
    };
    let queue = channel.queue_declare("", &full).expect("a queue").name;
    let publish = || channel.basic_publish("", &queue, b"", &Properties::persistent(), true);
    publish().expect("there is room");
    let error = assert_failed(publish(), "basic_publish", ErrorKind::Full);
    let _: &Nacked = source(&error);
    assert_eq!(error.get("routing_key"), Some(queue.as_str()));
    assert!(error.is_retryable());
    assert_eq!(channel.queue_purge(&queue).expect("purged"), 1);
    publish().expect("there is room again");
}

fn missing_exchange(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    channel.confirm_delivery().expect("confirms");
    let publish = || channel.basic_publish("nowhere", "x", b"", &Properties::default(), false);
    let error = assert_failed(publish(), "basic_publish", ErrorKind::Undeliverable);
    assert!(error.message().contains("NOT_FOUND"), "{error}");
    assert!(!channel.is_open());
    let error = assert_failed(publish(), "basic_publish", ErrorKind::Closed);
    assert!(error.message().contains("nowhere"), "{error}");
}

fn missing_without_confirms(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    channel.basic_publish("nowhere", "x", b"", &Properties::default(), false).expect("on its way");
    let next = channel.basic_qos(1, false).expect_err("it is closed");
    assert!(matches!(next.kind(), ErrorKind::Closed | ErrorKind::Undeliverable), "{next:?}");
    assert_failed(channel.basic_qos(1, false), "basic_qos", ErrorKind::Closed);
    assert!(connection.is_open());
    connection.channel().expect("the connection lives");
}

fn closing_loses_nothing(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    let sending = connection.channel().expect("a channel");
    for _ in 0..500 {
        sending.basic_publish("", &queue, &[1; 100], &Properties::default(), false).expect("sent");
    }
    sending.close().expect("closed");
    assert_eq!(waiting(&connection, &queue), 500);
}

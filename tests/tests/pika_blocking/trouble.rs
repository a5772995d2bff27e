//! Brokers that block, die or are silent.

use std::sync::Arc;
use std::sync::mpsc::channel as pipe;
use std::time::Duration;

use busway_core::ErrorKind;
use busway_driver_pika::ConnectionParameters;
use busway_driver_pika::blocking::{BlockingConnection, Consume, Properties};
use busway_testkit::brokers::RabbitMq;
use libtest_mimic::Trial;

use crate::stand::{HANG, Stand, assert_failed, parameters, queue, trial};

pub(crate) fn trials(stand: &Arc<Stand>) -> Vec<Trial> {
    vec![
        trial("a_blocked_connection_is_told", stand, |_| blocked()),
        trial("a_connection_that_stays_blocked_is_given_up", stand, |_| given_up()),
        trial("a_broker_that_dies_ends_what_waits", stand, |_| killed()),
        trial("a_broker_that_is_silent_is_not_waited_for", stand, |_| silent()),
        trial("a_connection_closed_by_the_broker_is_lost", stand, closed_by_the_broker),
        trial("connecting_to_nobody_is_refused_in_time", stand, |_| nobody()),
    ]
}

fn broker() -> (RabbitMq, ConnectionParameters) {
    let broker = RabbitMq::start().expect("a broker");
    let parameters = ConnectionParameters { heartbeat_interval: 0, ..parameters(&broker, "/") };
    (broker, parameters)
}

fn blocked() {
    let (broker, parameters) = broker();
    let open = BlockingConnection::builder(&parameters).timeout(Duration::from_secs(10)).open();
    let connection = open.expect("a connection");
    let (told, tells) = pipe();
    let also = told.clone();
    connection.add_on_connection_blocked_callback(move |reason| {
        told.send(reason.to_owned()).expect("a listener");
    });
    connection.add_on_connection_unblocked_callback(move || {
        also.send("unblocked".to_owned()).expect("a listener");
    });
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    broker.block().expect("an alarm");
    // RabbitMQ tells it to who publishes, a little after the alarm.
    let publish =
        |body: &[u8]| channel.basic_publish("", &queue, body, &Properties::default(), false);
    let reason = loop {
        if let Err(error) = publish(b"1") {
            assert_eq!(error.kind(), ErrorKind::Full, "{error:?}");
        }
        connection.process_data_events(Some(Duration::from_millis(50))).expect("processed");
        if let Ok(reason) = tells.try_recv() {
            break reason;
        }
    };
    assert!(reason.contains("memory"), "{reason}");
    let error = assert_failed(publish(b"2"), "basic_publish", ErrorKind::Full);
    assert!(error.is_retryable());
    broker.unblock().expect("no alarm");
    connection.process_data_events(Some(HANG)).expect("processed");
    assert_eq!(tells.try_recv().expect("unblocked"), "unblocked");
    publish(b"3").expect("it goes on");
    let get = || channel.basic_get(&queue, true).expect("got").map(|message| message.body);
    let bodies: Vec<_> = std::iter::from_fn(get).collect();
    assert_eq!(bodies.last().expect("a message"), b"3");
    assert!(!bodies.contains(&b"2".to_vec()), "what was given up is not sent");
}

fn given_up() {
    let (broker, parameters) = broker();
    let patience = Duration::from_millis(200);
    let open = BlockingConnection::builder(&parameters).blocked_connection_timeout(patience).open();
    let connection = open.expect("a connection");
    let channel = connection.channel().expect("a channel");
    broker.block().expect("an alarm");
    let error = loop {
        // RabbitMQ tells it to who publishes, a little after the alarm.
        let published = channel.basic_publish("", "q", b"1", &Properties::default(), false);
        let slept = connection.sleep(Duration::from_millis(50));
        if let Err(error) = published.and(slept) {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::Full, "{error:?}");
    assert!(error.message().contains("blocked_connection_timeout"), "{error}");
    assert!(!connection.is_open() && !channel.is_open());
    broker.unblock().expect("no alarm");
}

fn killed() {
    let (broker, parameters) = broker();
    let connection = BlockingConnection::open(&parameters).expect("a connection");
    let channel = connection.channel().expect("a channel");
    let queue = queue(&channel);
    let mut consumer = channel.consume(&queue, &Consume::default()).expect("a consumer");
    let killing = std::thread::spawn(move || {
        broker.kill();
        broker
    });
    let lost = consumer.next().expect("an error");
    assert_failed(lost, "consume", ErrorKind::Connection);
    assert!(consumer.next().is_none() && !consumer.is_active());
    let broker = killing.join().expect("killed");
    // The consumer may have been told before the connection was.
    assert_failed(connection.sleep(HANG), "sleep", ErrorKind::Connection);
    assert!(!connection.is_open());
    assert_failed(
        connection.process_data_events(None),
        "process_data_events",
        ErrorKind::Connection,
    );
    assert_failed(channel.basic_ack(1, false), "basic_ack", ErrorKind::Connection);
    assert_failed(connection.channel(), "channel", ErrorKind::Connection);
    channel.close().expect("it is closed");
    connection.close().expect("it is closed");
    broker.start_again().expect("a broker");
    BlockingConnection::open(&parameters).expect("another connection");
}

fn silent() {
    let (broker, parameters) = broker();
    let open = BlockingConnection::builder(&parameters).timeout(Duration::from_secs(3)).open();
    let connection = open.expect("a connection");
    let channel = connection.channel().expect("a channel");
    channel.confirm_delivery().expect("confirms");
    broker.pause();
    let publish = || channel.basic_publish("", "q", b"", &Properties::default(), false);
    // It may do a little more before it stops.
    let late = std::iter::repeat_with(publish).find(Result::is_err).expect("it goes on for ever");
    assert_failed(late, "basic_publish", ErrorKind::Timeout);
    // The outcome may come any time.
    assert_failed(publish(), "basic_publish", ErrorKind::Closed);
    assert_failed(connection.channel(), "channel", ErrorKind::Timeout);
    assert_failed(connection.close(), "close", ErrorKind::Timeout);
    assert!(!connection.is_open());
    broker.resume();
}

fn closed_by_the_broker(stand: &Stand) {
    let broker = stand.broker();
    let vhost = broker.add_vhost().expect("a virtual host");
    let connection = BlockingConnection::open(&parameters(broker, &vhost)).expect("a connection");
    let channel = connection.channel().expect("a channel");
    broker.delete_vhost(&vhost).expect("deleted");
    assert_failed(connection.sleep(HANG), "sleep", ErrorKind::Connection);
    assert_failed(channel.basic_qos(1, false), "basic_qos", ErrorKind::Connection);
}

fn nobody() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let url = format!("amqp://127.0.0.1:{port}/?connection_attempts=3&retry_delay=0.01");
    let error = assert_failed(BlockingConnection::open_url(&url), "open", ErrorKind::Connection);
    assert_eq!(error.get("peer"), Some(format!("127.0.0.1:{port}").as_str()));
}

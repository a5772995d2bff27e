//! What the tests share: the broker, how they are run, and how they connect.

use std::error::Error as _;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use busway_core::{Error, ErrorKind};
use busway_driver_pika::ConnectionParameters;
use busway_driver_pika::blocking::{
    Arguments, BlockingChannel, BlockingConnection, Properties, QueueDeclare,
};
use busway_testkit::brokers::RabbitMq;
use libtest_mimic::{Completion, Failed, Trial};
use serde_json::Value;

/// Longer than anything here may take on a machine that has much else to do.
pub(crate) const HANG: Duration = Duration::from_mins(2);

/// The broker, started by the first test that needs it.
#[derive(Debug, Default)]
pub(crate) struct Stand {
    broker: OnceLock<RabbitMq>,
}

impl Stand {
    pub(crate) fn broker(&self) -> &RabbitMq {
        self.broker.get_or_init(|| RabbitMq::start().expect("a broker"))
    }

    /// A connection to a virtual host of its own.
    pub(crate) fn connect(&self) -> BlockingConnection {
        let vhost = self.broker().add_vhost().expect("a virtual host");
        let parameters = parameters(self.broker(), &vhost);
        BlockingConnection::open(&parameters).expect("a connection")
    }
}

/// Parameters with patience for a machine that has much else to do.
pub(crate) fn parameters(broker: &RabbitMq, vhost: &str) -> ConnectionParameters {
    ConnectionParameters {
        host: "127.0.0.1".to_owned(),
        port: Some(broker.address().port()),
        virtual_host: vhost.to_owned(),
        heartbeat_interval: 20,
        socket_timeout: Duration::from_secs(10),
        options: [("login_timeout", "30"), ("tcp_user_timeout", "20")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..ConnectionParameters::default()
    }
}

/// A test that is run where RabbitMQ is, on a thread without a runtime.
pub(crate) fn trial(name: &str, stand: &Arc<Stand>, test: fn(&Stand)) -> Trial {
    let stand = stand.clone();
    Trial::ignorable_test(name, move || run(move || test(&stand)))
}

fn run(test: impl FnOnce() + Send + 'static) -> Result<Completion, Failed> {
    if let Some(reason) = RabbitMq::missing() {
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            return Err(format!("missing: {reason}").into());
        }
        return Ok(Completion::ignored_with(format!("missing: {reason}")));
    }
    let (done, ended) = sync_channel::<()>(1);
    let thread = std::thread::spawn(move || {
        test();
        drop(done);
    });
    match ended.recv_timeout(HANG) {
        Err(RecvTimeoutError::Timeout) => Err("it hangs".into()),
        _ => match thread.join() {
            Ok(()) => Ok(Completion::Completed),
            Err(panic) => std::panic::resume_unwind(panic),
        },
    }
}

pub(crate) fn object(value: Value) -> Arguments {
    serde_json::from_value(value).expect("an object")
}

/// A queue of the broker's naming.
pub(crate) fn queue(channel: &BlockingChannel) -> String {
    channel.queue_declare("", &QueueDeclare::default()).expect("a queue").name
}

/// Sends bodies to a queue, and waits until they are in it.
pub(crate) fn fill(channel: &BlockingChannel, queue: &str, bodies: &[&str]) {
    for body in bodies {
        let plain = Properties::default();
        channel.basic_publish("", queue, body.as_bytes(), &plain, true).expect("published");
    }
    // The broker answers in order.
    channel.queue_declare(queue, &passive()).expect("the queue");
}

pub(crate) fn passive() -> QueueDeclare {
    QueueDeclare { passive: true, ..QueueDeclare::default() }
}

/// How many messages wait in a queue, by a channel of its own.
pub(crate) fn waiting(connection: &BlockingConnection, queue: &str) -> u32 {
    let channel = connection.channel().expect("a channel");
    channel.queue_declare(queue, &passive()).expect("the queue").message_count
}

/// What was attempted failed with this kind.
#[track_caller]
pub(crate) fn assert_failed<T>(
    result: Result<T, Error>,
    attempted: &'static str,
    kind: ErrorKind,
) -> Error {
    let Err(error) = result else { panic!("{attempted} succeeded") };
    assert_eq!((error.kind(), error.operation()), (kind, Some(attempted)), "{error:?}");
    error
}

/// The error underneath.
#[track_caller]
pub(crate) fn source<T: std::error::Error + 'static>(error: &Error) -> &T {
    error.source().and_then(|it| it.downcast_ref()).unwrap_or_else(|| panic!("{error:?}"))
}

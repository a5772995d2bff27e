//! Exchanges, queues and bindings.

use std::sync::Arc;

use busway_core::ErrorKind;
use busway_driver_pika::blocking::{Arguments, Consume, ExchangeDeclare, Properties, QueueDeclare};
use libtest_mimic::Trial;
use serde_json::json;

use crate::stand::{Stand, assert_failed, fill, object, passive, queue, trial, waiting};

pub(crate) fn trials(stand: &Arc<Stand>) -> Vec<Trial> {
    vec![
        trial("exchanges_are_declared_and_deleted", stand, exchanges),
        trial("exchanges_are_bound_and_unbound", stand, exchange_bindings),
        trial("queues_are_declared_purged_and_deleted", stand, queues),
        trial("the_flags_of_a_queue_reach_the_broker", stand, flags),
        trial("queues_are_bound_and_unbound", stand, queue_bindings),
    ]
}

fn exchange(exchange_type: &str) -> ExchangeDeclare {
    ExchangeDeclare { exchange_type: exchange_type.to_owned(), ..ExchangeDeclare::default() }
}

fn exchanges(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let durable = ExchangeDeclare { durable: true, ..exchange("topic") };
    channel.exchange_declare("e", &durable).expect("declared");
    let asked = ExchangeDeclare { passive: true, ..ExchangeDeclare::default() };
    channel.exchange_declare("e", &asked).expect("it is there");

    let other = connection.channel().expect("a channel");
    let refused = other.exchange_declare("e", &exchange("fanout"));
    assert_failed(refused, "exchange_declare", ErrorKind::Refused);

    channel.queue_bind(&queue(&channel), "e", "#", &Arguments::new()).expect("bound");
    let other = connection.channel().expect("a channel");
    assert_failed(other.exchange_delete("e", true), "exchange_delete", ErrorKind::Refused);
    channel.exchange_delete("e", false).expect("deleted");
    let gone = channel.exchange_declare("e", &asked);
    let error = assert_failed(gone, "exchange_declare", ErrorKind::Undeliverable);
    assert_eq!(error.get("exchange"), Some("e"));
}

fn exchange_bindings(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    for name in ["from", "to"] {
        channel.exchange_declare(name, &exchange("topic")).expect("declared");
    }
    let queue = queue(&channel);
    let none = Arguments::new();
    channel.queue_bind(&queue, "to", "#", &none).expect("bound");
    channel.exchange_bind("to", "from", "a.*", &none).expect("bound");
    channel.confirm_delivery().expect("confirms");
    let publish = |key| channel.basic_publish("from", key, b"", &Properties::default(), true);
    publish("a.b").expect("routed");
    assert_failed(publish("b"), "basic_publish", ErrorKind::Undeliverable);
    channel.exchange_unbind("to", "from", "a.*", &none).expect("unbound");
    assert_failed(publish("a.b"), "basic_publish", ErrorKind::Undeliverable);
    assert_eq!(waiting(&connection, &queue), 1);
}

fn queues(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    let declared = channel.queue_declare("q", &QueueDeclare::default()).expect("declared");
    assert_eq!(declared.name, "q");
    assert_eq!((declared.message_count, declared.consumer_count), (0, 0));
    fill(&channel, "q", &["1", "2", "3"]);
    assert_eq!(channel.queue_declare("q", &passive()).expect("asked").message_count, 3);
    assert_eq!(channel.queue_purge("q").expect("purged"), 3);
    fill(&channel, "q", &["4"]);
    let other = connection.channel().expect("a channel");
    assert_failed(other.queue_delete("q", false, true), "queue_delete", ErrorKind::Refused);
    let consumer = channel.consume("q", &Consume::default()).expect("a consumer");
    let other = connection.channel().expect("a channel");
    assert_failed(other.queue_delete("q", true, false), "queue_delete", ErrorKind::Refused);
    assert_eq!(consumer.cancel().expect("cancelled"), 1);
    assert_eq!(channel.queue_delete("q", true, false).expect("deleted"), 1);
    assert_failed(
        channel.queue_declare("q", &passive()),
        "queue_declare",
        ErrorKind::Undeliverable,
    );
}

fn flags(stand: &Stand) {
    let vhost = stand.broker().add_vhost().expect("a virtual host");
    let parameters = crate::stand::parameters(stand.broker(), &vhost);
    let open = || busway_driver_pika::blocking::BlockingConnection::open(&parameters);
    let connection = open().expect("a connection");
    let channel = connection.channel().expect("a channel");
    let declare = QueueDeclare {
        durable: true,
        auto_delete: true,
        arguments: object(json!({ "x-max-length": 2, "x-overflow": "reject-publish" })),
        ..QueueDeclare::default()
    };
    channel.queue_declare("flagged", &declare).expect("declared");
    let said = stand.broker().evaluate(&format!(
        "[[proplists:get_value(I, Q) || I <- [durable, auto_delete, arguments]] || \
         Q <- rabbit_amqqueue:info_all(<<\"{vhost}\">>)]"
    ));
    assert_eq!(
        said.expect("the queues"),
        "[[true,true,[{<<\"x-max-length\">>,signedint,2},\
         {<<\"x-overflow\">>,longstr,<<\"reject-publish\">>}]]]"
    );
    let mine = QueueDeclare { exclusive: true, ..QueueDeclare::default() };
    channel.queue_declare("mine", &mine).expect("declared");
    let second = open().expect("a connection").channel().expect("a channel");
    assert_failed(second.queue_declare("mine", &passive()), "queue_declare", ErrorKind::Refused);
}

fn queue_bindings(stand: &Stand) {
    let connection = stand.connect();
    let channel = connection.channel().expect("a channel");
    channel.exchange_declare("h", &exchange("headers")).expect("declared");
    let queue = queue(&channel);
    let only_red = object(json!({ "x-match": "all", "colour": "red" }));
    channel.queue_bind(&queue, "h", "", &only_red).expect("bound");
    channel.confirm_delivery().expect("confirms");
    let publish = |colour| {
        let headers = object(json!({ "colour": colour }));
        channel.basic_publish("h", "", b"", &Properties { headers, ..Default::default() }, true)
    };
    publish("red").expect("routed");
    assert_failed(publish("blue"), "basic_publish", ErrorKind::Undeliverable);
    channel.queue_unbind(&queue, "h", "", &only_red).expect("unbound");
    assert_failed(publish("red"), "basic_publish", ErrorKind::Undeliverable);
}

use busway_core::rpc::{RpcClient, RpcServer};
use busway_core::{NotificationListener, Target, Transport, endpoint_fn};
use busway_testkit::brokers::RabbitMq;
use busway_testkit::stage::{Journal, PATIENCE, Service, client, serve, soon, until};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use regex::Regex;
use serde_json::{Value, json};

use crate::open;

/// A channel of somebody who writes what they want.
struct Stranger {
    channel: Channel,
    _connection: Connection,
}

impl Stranger {
    async fn connect(broker: &RabbitMq, vhost: &str) -> Self {
        let url = format!("amqp://guest:guest@{}/{vhost}", broker.address());
        let connecting = Connection::connect(&url, ConnectionProperties::default());
        let connection = connecting.await.expect("a connection");
        let channel = connection.create_channel().await.expect("a channel");
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
        Self { channel, _connection: connection }
    }

    /// Publishes to a queue that must be there.
    async fn write(&self, exchange: &str, queue: &str, message: &Message) {
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let (exchange, queue, body) = (exchange.into(), queue.into(), message.body.as_bytes());
        let properties = message.properties.clone();
        let published = self.channel.basic_publish(exchange, queue, options, body, properties);
        let confirmation = published.await.expect("published").await.expect("confirmed");
        assert!(matches!(confirmation, Confirmation::Ack(None)), "it reached nobody");
    }
}

struct Message {
    properties: BasicProperties,
    body: String,
}

fn properties(version: &str, content_type: &str) -> BasicProperties {
    let mut headers = FieldTable::default();
    headers.insert("version".into(), AMQPValue::LongString(version.into()));
    BasicProperties::default().with_headers(headers).with_content_type(content_type.into())
}

/// A body as it should be, and one way after the other in which a message is not.
fn spoilt(body: &Value) -> Vec<Message> {
    let good = || properties("1.0", "application/json");
    let told =
        |properties: BasicProperties, body: &str| Message { properties, body: body.to_owned() };
    let (text, deep) = (body.to_string(), format!("{}{}", "[".repeat(1000), "]".repeat(1000)));
    let deeper = text.replacen('{', &format!("{{\"deep\":{deep},"), 1);
    vec![
        told(properties("2.0", "application/json"), &text),
        told(properties("1.1", "application/json"), &text),
        told(properties("new", "application/json"), &text),
        told(BasicProperties::default().with_content_type("application/json".into()), &text),
        told(BasicProperties::default(), &text),
        told(properties("1.0", "text/plain"), &text),
        told(properties("1.0", "application/msgpack"), &text),
        told(good(), ""),
        told(good(), "no JSON"),
        told(good(), &text[..text.len() - 1]),
        told(good(), "\u{0}\u{1}"),
        told(good(), "[]"),
        told(good(), "{}"),
        told(good(), "null"),
        told(good(), &deep),
        told(good(), &deeper),
    ]
}

/// What was refused did not go back: the broker holds nothing.
async fn holds_nothing(broker: &RabbitMq, vhost: &str) {
    soon(until(async || broker.held(vhost).map(|held| held == 0))).await.expect("counted");
}

async fn noting(transport: &Transport, journal: &Journal<u64>) -> RpcServer {
    serve(transport, "topic", "server", Service::new().noting(journal)).await.expect("a server")
}

pub(crate) async fn a_server_goes_on(broker: RabbitMq) {
    let vhost = broker.add_vhost().expect("a virtual host");
    let transport = open(&broker, &vhost).await;
    let journal = Journal::new();
    let _server = noting(&transport, &journal).await;
    let stranger = Stranger::connect(&broker, &vhost).await;
    let request = json!({ "method": "note", "args": { "it": 1 } });
    let unusual = [
        json!({ "method": "note", "args": [1] }),
        json!({ "method": 7, "args": { "it": 1 } }),
        json!({ "args": { "it": 1 } }),
        json!({ "method": "note", "args": { "it": 1 }, "version": "one" }),
    ];
    for queue in ["no_ack.topic", "with_ack.topic", "with_ack.topic.server"] {
        for message in spoilt(&request) {
            stranger.write("openstack_rpc", queue, &message).await;
        }
        for body in &unusual {
            let properties = properties("1.0", "application/json");
            let message = Message { properties, body: body.to_string() };
            stranger.write("openstack_rpc", queue, &message).await;
        }
        // The one that is right comes through, behind all of them.
        let right = Message {
            properties: properties("1.0", "application/json"),
            body: request.to_string(),
        };
        stranger.write("openstack_rpc", queue, &right).await;
        assert_eq!(journal.next().await, 1, "{queue}");
    }
    client(&transport, "topic").call::<_, ()>("note", json!({ "it": 2 })).await.expect("served");
    assert_eq!(journal.rest().await, [2]);
    holds_nothing(&broker, &vhost).await;
}

pub(crate) async fn a_client_goes_on(broker: RabbitMq) {
    let vhost = broker.add_vhost().expect("a virtual host");
    let transport = open(&broker, &vhost).await;
    let _server = serve(&transport, "topic", "server", Service::echo()).await.expect("a server");
    let client = RpcClient::builder(&transport, Target::new("topic")).timeout(PATIENCE).build();
    let echo = async |it: u64| {
        let args = json!({ "it": it });
        assert_eq!(client.call::<_, Value>("echo", &args).await.expect("answered"), args);
    };
    echo(1).await;
    let names = format!("rabbit_amqqueue:list_names(<<\"{vhost}\">>)");
    let names = broker.evaluate(&names).expect("the names of the queues");
    let queue = Regex::new(r#"reply\.[^"]*"#).expect("an expression").find(&names);
    let queue = queue.expect("a queue of replies").as_str();
    let stranger = Stranger::connect(&broker, &vhost).await;
    for Message { properties, body } in spoilt(&json!({ "s": 1 })) {
        for properties in [properties.clone(), properties.with_correlation_id("nobody".into())] {
            let message = Message { properties, body: body.clone() };
            stranger.write("openstack_rpc_reply", queue, &message).await;
        }
    }
    echo(2).await;
    holds_nothing(&broker, &vhost).await;
}

pub(crate) async fn a_listener_goes_on(broker: RabbitMq) {
    let vhost = broker.add_vhost().expect("a virtual host");
    let transport = open(&broker, &vhost).await;
    let journal = Journal::<String>::new();
    let written = journal.clone();
    let endpoint = endpoint_fn(busway_core::notify::Priority::Info, move |notification| {
        written.write(notification.event_type.clone());
        async { Ok(busway_core::Handled::Done) }
    });
    let listener = NotificationListener::builder(&transport).topic("topic").endpoint(endpoint);
    let _listener = listener.start().await.expect("a listener");
    let stranger = Stranger::connect(&broker, &vhost).await;
    let right = json!({ "event_type": "right", "priority": "INFO", "payload": {} });
    for message in spoilt(&right) {
        stranger.write("openstack_notification", "topic.info", &message).await;
    }
    let properties = properties("1.0", "application/json");
    let message = Message { properties, body: right.to_string() };
    stranger.write("openstack_notification", "topic.info", &message).await;
    assert_eq!(journal.next().await, "right");
    assert!(journal.rest().await.is_empty());
    holds_nothing(&broker, &vhost).await;
}

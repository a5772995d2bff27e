//! The reference on RabbitMQ: lapin by hand.
//!
//! One task owns the publishing channel, confirms are read in order and awaited together with
//! replies, deliveries are acknowledged in runs.

mod client;
mod fan;
mod publisher;
mod server;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lapin::options::{
    BasicConsumeOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer, ExchangeKind};

pub use client::Client;
pub use fan::Fan;
pub use server::serve;

use crate::BoxError;

const EXCHANGE: &str = "openstack_rpc";
const REPLY_EXCHANGE: &str = "openstack_rpc_reply";
const NOTIFICATION_EXCHANGE: &str = "openstack_notification";
/// The prefetch count, on both sides: oslo.messaging's default.
const PREFETCH: u16 = 100;
/// The timeout of a call, on both sides: oslo.messaging's default.
const TIMEOUT: Duration = Duration::from_mins(1);
const QUEUE_EXPIRATION_MS: i32 = 60_000;

async fn connect(port: u16, vhost: &str) -> Result<Connection, BoxError> {
    let uri = format!("amqp://guest:guest@127.0.0.1:{port}/{vhost}?frame_max=16384&heartbeat=1");
    Ok(Connection::connect(&uri, ConnectionProperties::default()).await?)
}

async fn declare_exchange(channel: &Channel, name: &str) -> Result<(), BoxError> {
    let options = ExchangeDeclareOptions { auto_delete: true, ..ExchangeDeclareOptions::default() };
    let kind = ExchangeKind::Direct;
    Ok(channel.exchange_declare(name.into(), kind, options, FieldTable::default()).await?)
}

async fn declare_queue(
    channel: &Channel,
    exchange: &str,
    queue: &str,
    key: &str,
    expires: bool,
) -> Result<(), BoxError> {
    let mut arguments = FieldTable::default();
    if expires {
        arguments.insert("x-expires".into(), AMQPValue::LongInt(QUEUE_EXPIRATION_MS));
    }
    channel.queue_declare(queue.into(), QueueDeclareOptions::default(), arguments).await?;
    let options = QueueBindOptions::default();
    channel
        .queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default())
        .await?;
    Ok(())
}

async fn consume(channel: &Channel, queue: &str, no_ack: bool) -> Result<Consumer, BoxError> {
    let options = BasicConsumeOptions { no_ack, ..BasicConsumeOptions::default() };
    Ok(channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?)
}

/// An id of 32 hexadecimal digits that is this process's own; cheaper than a random one.
fn id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{:016x}{:016x}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn properties(message_id: &str, expiration: Option<Duration>) -> BasicProperties {
    let mut headers = FieldTable::default();
    headers.insert("version".into(), AMQPValue::LongString("1.0".into()));
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_headers(headers)
        .with_message_id(message_id.into())
        .with_delivery_mode(1);
    match expiration {
        Some(time) => properties.with_expiration(ShortString::from(time.as_millis().to_string())),
        None => properties,
    }
}

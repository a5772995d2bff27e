//! The names of exchanges, queues and routing keys, as oslo.messaging's pika driver makes them.

use busway_core::notify::Priority;
use uuid::Uuid;

/// Whether a queue is consumed with acknowledgement: requests sent with `retry = 0` go to the
/// queues without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ack {
    No,
    With,
}

impl Ack {
    pub(crate) const BOTH: [Self; 2] = [Self::No, Self::With];

    fn prefix(self) -> &'static str {
        match self {
            Self::No => "no_ack",
            Self::With => "with_ack",
        }
    }
}

/// The queue that any server of a topic consumes; also its routing key.
pub(crate) fn topic_queue(ack: Ack, topic: &str) -> String {
    format!("{}.{topic}", ack.prefix())
}

/// The queue of one server; also its routing key.
pub(crate) fn server_queue(ack: Ack, topic: &str, server: &str) -> String {
    format!("{}.{topic}.{server}", ack.prefix())
}

/// A queue of one server for its copies of fan-outs, with a fresh name.
pub(crate) fn fanout_queue(ack: Ack, topic: &str, server: &str) -> String {
    format!("{}.{topic}.{server}.worker.{}", ack.prefix(), hex_id())
}

/// The routing key that reaches every server's queue for fan-outs.
pub(crate) fn fanout_key(ack: Ack, topic: &str) -> String {
    format!("{}.{topic}.all_workers", ack.prefix())
}

/// The queue of a transport's replies, with a fresh name.
pub(crate) fn reply_queue(project: &str, program: &str) -> String {
    format!("reply.{project}.{program}.{}", hex_id())
}

/// The queue of a topic's notifications of one priority; also its routing key.
pub(crate) fn notification_queue(topic: &str, priority: Priority) -> String {
    format!("{topic}.{priority}")
}

/// 32 hexadecimal digits, fresh.
pub(crate) fn hex_id() -> String {
    Uuid::new_v4().simple().to_string()
}

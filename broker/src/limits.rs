//! What the broker holds at most.

use std::time::Duration;

/// The bounds of a broker; the builder documents each.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) queue_messages: usize,
    pub(crate) queue_bytes: usize,
    pub(crate) message_size: u64,
    pub(crate) frame_size: u32,
    pub(crate) credit: u32,
    pub(crate) nodes: usize,
    pub(crate) connections: usize,
    pub(crate) sessions: u16,
    pub(crate) links: usize,
    pub(crate) handshake: Duration,
    pub(crate) idle: Duration,
    pub(crate) stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_messages: 10_000,
            queue_bytes: 64 * 1024 * 1024,
            message_size: 16 * 1024 * 1024,
            frame_size: 64 * 1024,
            credit: 200,
            nodes: 10_000,
            connections: 1000,
            sessions: 64,
            links: 1000,
            handshake: Duration::from_secs(10),
            idle: Duration::from_mins(1),
            stop: Duration::from_secs(2),
        }
    }
}

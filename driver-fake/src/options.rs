use busway_core::Format;
use busway_core::config::schemars::{self, JsonSchema};
use busway_core::config::{Options, Seconds};
use serde::{Deserialize, Serialize};

/// The options of the in-memory bus: section `[oslo_messaging_fake]`, or the query of a URL such
/// as `fake://bus-a/?queue_capacity=100&drop=0.1&seed=7`.
///
/// The faults strike the sends of the transport that asked for them; a send is a call, a cast (a
/// fan-out is one) or a notification, each attempt counted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FakeOptions {
    /// How many messages a queue holds at most; who sends to a full one waits for room within
    /// its deadline. Of the transport that declares the queue.
    pub queue_capacity: usize,
    /// How long the requests in a queue whose servers have all gone wait for a new one, before
    /// they are lost; calls that wait for them are told at once that they are undeliverable.
    pub rpc_queue_expiration: Seconds,
    /// How long to wait before a failed send is tried again.
    pub retry_delay: Seconds,
    /// The serializer that bodies pass through: `json` passes them on as they are, `msgpack`
    /// encodes and decodes them.
    pub serializer: Format,
    /// The seed of what is random: the same sends in the same order suffer the same faults.
    pub seed: u64,
    /// Fault: how much longer each send takes.
    pub delay: Seconds,
    /// Fault: with this, each send takes a random time longer, between `delay` and this.
    pub delay_max: Option<Seconds>,
    /// Fault: the probability that a send is lost on the way, from 0 to 1.
    pub drop: f64,
    /// Fault: the probability that a send arrives twice, from 0 to 1; those with `retry` 0 never
    /// do.
    pub duplicate: f64,
    /// Fault: the connection is lost right after so many sends; 0 is never.
    pub disconnect_after: u64,
    /// How long the connection is lost after `disconnect_after`.
    pub disconnect_for: Seconds,
    /// Fault: the number of a send that fails before it leaves, from 1; 0 is none.
    pub fail_nth: u64,
    /// Fault: what the bus refuses, `open` or `send`.
    pub refuse: Option<Refuse>,
}

/// What the bus refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Refuse {
    /// To be opened.
    Open,
    /// To take messages.
    Send,
}

impl Default for FakeOptions {
    fn default() -> Self {
        Self {
            queue_capacity: 10_000,
            rpc_queue_expiration: Seconds::new(60),
            retry_delay: Seconds::from_millis(10),
            serializer: Format::Json,
            seed: 0,
            delay: Seconds::default(),
            delay_max: None,
            drop: 0.0,
            duplicate: 0.0,
            disconnect_after: 0,
            disconnect_for: Seconds::new(1),
            fail_nth: 0,
            refuse: None,
        }
    }
}

impl Options for FakeOptions {
    const SECTION: &'static str = "oslo_messaging_fake";

    fn check(&self) -> Result<(), (&'static str, String)> {
        if self.queue_capacity == 0 {
            return Err(("queue_capacity", "a queue of 0 messages would take none".to_owned()));
        }
        for (name, probability) in [("drop", self.drop), ("duplicate", self.duplicate)] {
            if !(0.0..=1.0).contains(&probability) {
                return Err((name, format!("{probability} is no probability from 0 to 1")));
            }
        }
        match self.delay_max {
            Some(max) if max < self.delay => {
                Err(("delay_max", format!("{max} is less than the delay of {}", self.delay)))
            }
            _ => Ok(()),
        }
    }
}

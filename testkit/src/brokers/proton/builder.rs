use std::collections::BTreeMap;
use std::time::Duration;

use busway_core::{Error, ErrorKind, Result};
use serde::{Serialize, Serializer};

use super::Proton;

/// How often a start is tried: another may take a port that was free a moment ago.
const TRIES: usize = 3;

/// A [`Proton`] broker to be configured and started.
#[derive(Clone, Debug, Default, Serialize)]
#[must_use]
pub struct ProtonBuilder {
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    users: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scram: Vec<String>,
    anonymous: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<usize>,
    #[serde(serialize_with = "in_seconds")]
    idle_timeout: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_frame_size: Option<u32>,
}

impl ProtonBuilder {
    /// The `product` that peers are told when a connection opens; none otherwise.
    pub fn product(mut self, product: impl Into<String>) -> Self {
        self.product = Some(product.into());
        self
    }

    /// A user who may log in by SASL PLAIN. Who has no name may no longer come in, unless
    /// [`anonymous`](Self::anonymous) says so.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.users.insert(name.into(), password.into());
        self
    }

    /// A mechanism of SCRAM, such as `SCRAM-SHA-256`, by which users log in, and no longer by PLAIN.
    /// Cyrus SASL does it: see [`Proton::scram_missing`].
    pub fn scram(mut self, mechanism: impl Into<String>) -> Self {
        self.scram.push(mechanism.into());
        self
    }

    /// Whether a peer may come in by SASL ANONYMOUS or without SASL although there are users.
    pub fn anonymous(mut self, may: bool) -> Self {
        self.anonymous = may;
        self
    }

    /// The most messages that a queue, or a subscription of a topic, holds; 10 000 otherwise.
    pub fn queue_messages(mut self, messages: usize) -> Self {
        self.messages = Some(messages);
        self
    }

    /// The idle timeout that peers are told, and held to; none otherwise.
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.idle_timeout = time;
        self
    }

    /// The largest frame that peers may send, in bytes; the engine's own limit otherwise.
    pub fn max_frame_size(mut self, bytes: u32) -> Self {
        self.max_frame_size = Some(bytes);
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// `Connection` when it does not take connections within a minute; the error has the end of
    /// its log.
    pub fn start(self) -> Result<Proton> {
        let options = serde_json::to_string(&self).map_err(|error| {
            Error::new(ErrorKind::Internal, "its options are no JSON").because(error)
        })?;
        let mut last = super::failed("it was not tried");
        for _ in 0..TRIES {
            match Proton::start_once(options.clone()) {
                Ok(broker) => return Ok(broker),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn in_seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

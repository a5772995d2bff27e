//! A message as it waits in queues.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fe2o3_amqp::types::definitions::Fields;
use fe2o3_amqp::types::messaging::annotations::OwnedKey;
use fe2o3_amqp::types::messaging::{Body, Header, Message, MessageAnnotations};
use fe2o3_amqp::types::primitives::Value;

/// A message with its body shared: every queue and every attempt has sections of its own, and
/// none a body of its own.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    message: Message<Arc<Body<Value>>>,
    format: u32,
    expires: Option<Instant>,
    size: usize,
}

impl Stored {
    /// Takes over a message that came just now.
    pub(crate) fn new(message: Message<Body<Value>>, format: u32) -> Self {
        let expires = expiry(&message);
        let message = message.map_body(Arc::new);
        // What cannot be measured cannot be sent on either: it counts as nothing and is dropped
        // where it is sent.
        let size = serde_amqp::serialized_size(&*message.body).unwrap_or(0);
        let rest = message.properties.as_ref().map_or(Ok(0), serde_amqp::serialized_size);
        let more =
            message.application_properties.as_ref().map_or(Ok(0), serde_amqp::serialized_size);
        let size = size + rest.unwrap_or(0) + more.unwrap_or(0);
        Self { message, format, expires, size }
    }

    /// The bytes that the message takes.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The message format of the transfer that brought it.
    pub(crate) fn format(&self) -> u32 {
        self.format
    }

    /// Whether the message may be dropped by now.
    pub(crate) fn has_expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }

    /// When the message may be dropped, if ever.
    pub(crate) fn expires(&self) -> Option<Instant> {
        self.expires
    }

    /// Where the message is to go, when its link does not tell.
    pub(crate) fn to(&self) -> Option<&str> {
        self.message.properties.as_ref()?.to.as_deref()
    }

    /// Adds annotations, over those that there are.
    pub(crate) fn annotate(&mut self, annotations: Fields) {
        let there =
            self.message.message_annotations.get_or_insert_with(MessageAnnotations::default);
        for (key, value) in annotations {
            there.0.insert(OwnedKey::Symbol(key), value);
        }
    }

    /// The message as it goes out after as many failed deliveries.
    pub(crate) fn outgoing(&self, failed: u32, first: bool) -> Message<&Body<Value>> {
        let mut message = self.message.clone().map_body(|_| &*self.message.body);
        let header = message.header.get_or_insert_with(Header::default);
        header.delivery_count = header.delivery_count.saturating_add(failed);
        header.first_acquirer = first;
        if let (Some(ttl), Some(at)) = (&mut header.ttl, self.expires) {
            let left = at.saturating_duration_since(Instant::now()).as_millis();
            *ttl = (*ttl).min(u32::try_from(left).unwrap_or(u32::MAX)).max(1);
        }
        message
    }
}

/// The year 2000, in milliseconds since 1970.
const AGE: i64 = 946_684_800_000;

/// When the message expires: after its `ttl`, or at its `absolute-expiry-time`, whichever is
/// first. A `ttl` of zero, which oslo.messaging sends when there is none, is none, and so is a time
/// before the year 2000: oslo.messaging takes it from a clock that begins when its machine does.
fn expiry(message: &Message<Body<Value>>) -> Option<Instant> {
    let now = Instant::now();
    let ttl = message.header.as_ref().and_then(|header| header.ttl).filter(|ttl| *ttl > 0);
    let after = ttl.and_then(|ttl| now.checked_add(Duration::from_millis(u64::from(ttl))));
    let absolute = message.properties.as_ref().and_then(|with| with.absolute_expiry_time.as_ref());
    let at = absolute.and_then(|at| {
        let at = u64::try_from(at.milliseconds()).unwrap_or(0);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        now.checked_add(Duration::from_millis(at).saturating_sub(since))
    });
    match (after, at.filter(|_| absolute.is_some_and(|at| at.milliseconds() >= AGE))) {
        (Some(after), Some(at)) => Some(after.min(at)),
        (after, at) => after.or(at),
    }
}

use std::sync::Arc;

use busway_core::driver::{Request, Retry};
use busway_core::{Result, Target};
use tokio::time::Instant;
use uuid::Uuid;

use crate::body::encode_request;
use crate::names::{self, Ack};
use crate::properties;
use crate::publish::Outgoing;
use crate::side::Side;

/// A request with all that does not change from one transmission to the next.
pub(crate) struct Prepared {
    pub(crate) exchange: Arc<str>,
    pub(crate) retry: Retry,
    routing_key: String,
    mandatory: bool,
    body: bytes::Bytes,
    expiry: Option<Instant>,
    reply: Option<Reply>,
}

/// Where the reply of a call goes.
pub(crate) struct Reply {
    pub(crate) queue: Arc<str>,
    pub(crate) correlation_id: String,
}

impl Prepared {
    pub(crate) fn new(
        side: &Side,
        target: &Target,
        request: &Request,
        retry: Option<Retry>,
        expiry: Option<Instant>,
        reply: Option<Reply>,
    ) -> Result<Self> {
        let options = &side.options;
        let retry = match retry {
            Some(retry) => retry,
            None => Retry::from_config(options.default_rpc_retry_attempts)?,
        };
        let ack = if retry.is_never() { Ack::No } else { Ack::With };
        let topic = target.topic_for_send()?;
        let routing_key = match target.server() {
            _ if target.fanout() => names::fanout_key(ack, topic),
            Some(server) => names::server_queue(ack, topic, server),
            None => names::topic_queue(ack, topic),
        };
        Ok(Self {
            exchange: target.exchange().unwrap_or(&options.default_rpc_exchange).into(),
            retry,
            routing_key,
            mandatory: !target.fanout(),
            body: encode_request(request, options.default_serializer_type, &side.limits)?,
            expiry,
            reply,
        })
    }

    /// One transmission: with a fresh message id and the time that remains.
    pub(crate) fn outgoing(&self, side: &Side, deadline: Instant) -> Outgoing {
        let message_id = Uuid::new_v4();
        let format = side.options.default_serializer_type;
        let mut properties = properties::outgoing(message_id, format, false);
        if let Some(expiry) = self.expiry {
            properties = properties::with_expiration(properties, expiry);
        }
        if let Some(reply) = &self.reply {
            properties = properties
                .with_correlation_id(reply.correlation_id.as_str().into())
                .with_reply_to(reply.queue.as_ref().into());
        }
        Outgoing {
            routing_key: self.routing_key.clone(),
            mandatory: self.mandatory,
            message_id,
            properties,
            body: self.body.clone(),
            deadline,
        }
    }
}

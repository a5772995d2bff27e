//! Why the broker refuses a link or a message.

use fe2o3_amqp::types::definitions::{AmqpError, Error, ErrorCondition, LinkError};

/// A condition of AMQP, and words for whoever reads the peer's log.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    condition: ErrorCondition,
    text: String,
}

impl Refusal {
    fn new(condition: impl Into<ErrorCondition>, text: impl Into<String>) -> Self {
        Self { condition: condition.into(), text: text.into() }
    }

    pub(crate) fn no_node(address: &str) -> Self {
        Self::new(
            AmqpError::NotFound,
            format!("there is no node {address:?}, and no pattern of the broker makes one of it"),
        )
    }

    pub(crate) fn node_deleted(address: &str) -> Self {
        Self::new(AmqpError::ResourceDeleted, format!("the node {address:?} was deleted"))
    }

    pub(crate) fn full(address: &str) -> Self {
        Self::new(AmqpError::ResourceLimitExceeded, format!("{address:?} is full"))
    }

    pub(crate) fn too_many(what: &str, most: usize) -> Self {
        let text = format!("the broker takes at most {most} {what}");
        Self::new(AmqpError::ResourceLimitExceeded, text)
    }

    pub(crate) fn not_implemented(what: &str) -> Self {
        Self::new(AmqpError::NotImplemented, format!("the broker does not do {what}"))
    }

    pub(crate) fn invalid(what: &str) -> Self {
        Self::new(AmqpError::InvalidField, what)
    }

    pub(crate) fn stolen() -> Self {
        Self::new(LinkError::Stolen, "the peer attached another link of this name")
    }

    pub(crate) fn stopping() -> Self {
        Self::new(LinkError::DetachForced, "the broker stops")
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.condition, refusal.text, None)
    }
}

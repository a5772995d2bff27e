//! What stands on the wire: addresses, bodies, messages.

mod address;
mod body;
mod message;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod robust;

pub(crate) use address::{Addresses, Destination};
pub(crate) use body::{
    Reply, decode_notification, decode_reply, decode_request, encode_notification, encode_reply,
    encode_request,
};
pub(crate) use message::{Arrived, Outgoing};

//! RPC: requests, servers, replies.

mod call;
mod listener;

pub(crate) use call::{call, cast};
pub(crate) use listener::listen;

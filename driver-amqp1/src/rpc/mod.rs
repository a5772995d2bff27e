//! RPC: requests, servers, replies.

mod call;
mod listener;
#[cfg(test)]
mod tests;

pub(crate) use call::{call, cast};
pub(crate) use listener::listen;
